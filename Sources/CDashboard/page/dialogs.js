import { byId, setHidden, setText } from "./elements.js";
import { ask, runPath } from "./requests.js";
import { keep, kept } from "./theme.js";

const largestPlan = 1 << 20;
const signedInKey = "cairn-signed-in";

function open(dialog) {
  if (!dialog.open) dialog.showModal();
}

for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

/** Calls `action` when the form is sent; what it throws is shown in `place`, a mistake a line. */
function onSubmit(form, button, place, action) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    setText(place, "");
    try {
      await action();
      form.closest("dialog").close();
    } catch (error) {
      setText(place, error.message);
    } finally {
      button.disabled = false;
    }
  });
}

/** Gives a function that opens the dialog for a new run; `started` gets what was made of the plan. */
export function setUpNewRun(started) {
  const text = byId("plan-text");
  const file = byId("plan-file");
  const mistakes = byId("plan-error");
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    const isSmall = chosen.size <= largestPlan;
    setText(mistakes, isSmall ? "" : "That file is too large for a plan.");
    if (isSmall) text.value = await chosen.text();
  });
  onSubmit(byId("new-run-form"), byId("plan-submit"), mistakes, async () => {
    started(await ask("v1/runs", { method: "POST", body: { plan: text.value } }));
    text.value = "";
    file.value = "";
  });
  return () => {
    setText(mistakes, "");
    open(byId("new-run-dialog"));
  };
}

/** Gives a function that asks whether a run is to be cancelled, and cancels it. */
export function setUpCancelling() {
  let run = null;
  onSubmit(byId("cancel-form"), byId("cancel-confirm"), byId("cancel-error"), () =>
    ask(`${runPath(run.id)}/cancel`, { method: "POST" }));
  return (status) => {
    run = status;
    setText(byId("cancel-error"), "");
    setText(byId("cancel-text"), `“${run.name}” (${run.id}) ends where it is. It cannot be taken up again.`);
    open(byId("cancel-dialog"));
  };
}

/** Gives a function that asks for the token; `done` is called once the coordinator knows this browser. */
export function setUpSigningIn(done) {
  const dialog = byId("sign-in");
  const token = byId("token");
  const out = byId("sign-out");
  setHidden(out, kept(signedInKey) !== "yes");
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  onSubmit(byId("sign-in-form"), byId("sign-in-submit"), byId("sign-in-error"), async () => {
    try {
      await ask("v1/session", { method: "POST", body: { token: token.value.trim() } });
    } catch (error) {
      throw error.status === 401 ? new Error("That is not the coordinator's token.") : error;
    }
    token.value = "";
    keep(signedInKey, "yes");
    setHidden(out, false);
    done();
  });
  out.addEventListener("click", async () => {
    await ask("v1/session", { method: "DELETE" }).catch(() => {});
    keep(signedInKey, null);
    location.reload();
  });
  return () => open(dialog);
}
