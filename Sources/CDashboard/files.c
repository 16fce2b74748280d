#include "CDashboard.h"

static const unsigned char chart_js[] = {
#embed "page/chart.js"
};
static const unsigned char dialogs_js[] = {
#embed "page/dialogs.js"
};
static const unsigned char elements_js[] = {
#embed "page/elements.js"
};
static const unsigned char events_js[] = {
#embed "page/events.js"
};
static const unsigned char figures_css[] = {
#embed "page/figures.css"
};
static const unsigned char format_js[] = {
#embed "page/format.js"
};
static const unsigned char icon_svg[] = {
#embed "page/icon.svg"
};
static const unsigned char index_html[] = {
#embed "page/index.html"
};
static const unsigned char lanes_js[] = {
#embed "page/lanes.js"
};
static const unsigned char learnt_js[] = {
#embed "page/learnt.js"
};
static const unsigned char live_js[] = {
#embed "page/live.js"
};
static const unsigned char main_js[] = {
#embed "page/main.js"
};
static const unsigned char outcome_js[] = {
#embed "page/outcome.js"
};
static const unsigned char requests_js[] = {
#embed "page/requests.js"
};
static const unsigned char run_js[] = {
#embed "page/run.js"
};
static const unsigned char runs_js[] = {
#embed "page/runs.js"
};
static const unsigned char stack_js[] = {
#embed "page/stack.js"
};
static const unsigned char state_js[] = {
#embed "page/state.js"
};
static const unsigned char style_css[] = {
#embed "page/style.css"
};
static const unsigned char theme_js[] = {
#embed "page/theme.js"
};
static const unsigned char timeline_js[] = {
#embed "page/timeline.js"
};
static const unsigned char workers_js[] = {
#embed "page/workers.js"
};

#define FILE(name, kind) {#name "." #kind, name##_##kind, sizeof(name##_##kind)}

static const cd_file files[] = {
    FILE(chart, js), FILE(dialogs, js), FILE(elements, js), FILE(events, js), FILE(figures, css),
    FILE(format, js), FILE(icon, svg), FILE(index, html), FILE(lanes, js), FILE(learnt, js),
    FILE(live, js), FILE(main, js), FILE(outcome, js), FILE(requests, js), FILE(run, js),
    FILE(runs, js), FILE(stack, js), FILE(state, js), FILE(style, css), FILE(theme, js),
    FILE(timeline, js), FILE(workers, js),
};

cd_file cd_file_at(size_t index) {
    const cd_file none = {NULL, NULL, 0};
    return index < sizeof(files) / sizeof(files[0]) ? files[index] : none;
}
