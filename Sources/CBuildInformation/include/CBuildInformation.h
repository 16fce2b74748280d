#ifndef CAIRN_BUILD_INFORMATION_H
#define CAIRN_BUILD_INFORMATION_H

/// The git commit that the program was built from, with "-dirty" behind it where files had been changed since,
/// or "unknown commit" where nobody told the build: see scripts/build-release.
const char *cbi_commit(void);

#endif
