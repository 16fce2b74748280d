#include "CDashboard.h"

static const unsigned char badge_js[] = {
#embed "page/badge.js"
};

static const unsigned char chart_js[] = {
#embed "page/chart.js"
};

static const unsigned char codes_js[] = {
#embed "page/codes.js"
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

static const unsigned char frame_js[] = {
#embed "page/frame.js"
};

static const unsigned char icon_svg[] = {
#embed "page/icon.svg"
};

static const unsigned char index_html[] = {
#embed "page/index.html"
};

static const unsigned char joining_js[] = {
#embed "page/joining.js"
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

static const unsigned char paint_js[] = {
#embed "page/paint.js"
};

static const unsigned char pictures_js[] = {
#embed "page/pictures.js"
};

static const unsigned char requests_js[] = {
#embed "page/requests.js"
};

static const unsigned char rounds_js[] = {
#embed "page/rounds.js"
};

static const unsigned char run_js[] = {
#embed "page/run.js"
};

static const unsigned char runs_js[] = {
#embed "page/runs.js"
};

static const unsigned char scale_js[] = {
#embed "page/scale.js"
};

static const unsigned char stack_js[] = {
#embed "page/stack.js"
};

static const unsigned char state_js[] = {
#embed "page/state.js"
};

static const unsigned char strokes_js[] = {
#embed "page/strokes.js"
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

#define FILE(name, bytes) {name, bytes, sizeof(bytes)}

static const cd_file files[] = {
    FILE("badge.js", badge_js),
    FILE("chart.js", chart_js),
    FILE("codes.js", codes_js),
    FILE("dialogs.js", dialogs_js),
    FILE("elements.js", elements_js),
    FILE("events.js", events_js),
    FILE("figures.css", figures_css),
    FILE("format.js", format_js),
    FILE("frame.js", frame_js),
    FILE("icon.svg", icon_svg),
    FILE("index.html", index_html),
    FILE("joining.js", joining_js),
    FILE("lanes.js", lanes_js),
    FILE("learnt.js", learnt_js),
    FILE("live.js", live_js),
    FILE("main.js", main_js),
    FILE("outcome.js", outcome_js),
    FILE("paint.js", paint_js),
    FILE("pictures.js", pictures_js),
    FILE("requests.js", requests_js),
    FILE("rounds.js", rounds_js),
    FILE("run.js", run_js),
    FILE("runs.js", runs_js),
    FILE("scale.js", scale_js),
    FILE("stack.js", stack_js),
    FILE("state.js", state_js),
    FILE("strokes.js", strokes_js),
    FILE("style.css", style_css),
    FILE("theme.js", theme_js),
    FILE("timeline.js", timeline_js),
    FILE("workers.js", workers_js),
};

cd_file cd_file_at(size_t index) {
    const cd_file none = {NULL, NULL, 0};
    return index < sizeof(files) / sizeof(files[0]) ? files[index] : none;
}
