#include "CDashboard.h"

static const unsigned char chart_js[] = {
#embed "page/chart.js"
}, dialogs_js[] = {
#embed "page/dialogs.js"
}, elements_js[] = {
#embed "page/elements.js"
}, events_js[] = {
#embed "page/events.js"
}, figures_css[] = {
#embed "page/figures.css"
}, format_js[] = {
#embed "page/format.js"
}, icon_svg[] = {
#embed "page/icon.svg"
}, index_html[] = {
#embed "page/index.html"
}, lanes_js[] = {
#embed "page/lanes.js"
}, learnt_js[] = {
#embed "page/learnt.js"
}, live_js[] = {
#embed "page/live.js"
}, main_js[] = {
#embed "page/main.js"
}, outcome_js[] = {
#embed "page/outcome.js"
}, requests_js[] = {
#embed "page/requests.js"
}, run_js[] = {
#embed "page/run.js"
}, runs_js[] = {
#embed "page/runs.js"
}, stack_js[] = {
#embed "page/stack.js"
}, state_js[] = {
#embed "page/state.js"
}, style_css[] = {
#embed "page/style.css"
}, theme_js[] = {
#embed "page/theme.js"
}, timeline_js[] = {
#embed "page/timeline.js"
}, workers_js[] = {
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
