import { element, setHidden, setText } from "./elements.js";
import { runPath } from "./requests.js";

/**
 * A picture of the run that is drawn anew now and then. The old one stays until the new one is there, and no second one
 * is asked for meanwhile.
 */
export function livePicture(run, kind, description) {
  const word = element("p", { class: "empty" }, "Nothing to draw yet.");
  const frame = element("div", { class: "picture", "data-picture": kind }, word);
  let wanted = null;
  let shown = null;
  let isLoading = false;

  function load() {
    if (isLoading || wanted === null || wanted === shown) return;
    isLoading = true;
    const address = wanted;
    const image = element("img", { alt: description, decoding: "async" });
    const ended = (isThere) => {
      isLoading = false;
      shown = address;
      if (isThere) frame.querySelector("img")?.remove();
      if (isThere) frame.append(image);
      setHidden(word, frame.querySelector("img") !== null);
      load();
    };
    image.addEventListener("load", () => ended(true));
    image.addEventListener("error", () => ended(false));
    image.src = address;
  }

  return {
    element: frame,
    /** `version` is what the pictures show, nil while there is nothing; `stage` nil: the last one that has weights. */
    update(version, stage) {
      if (!version) return setText(word, "Nothing to draw yet.");
      const query = new URLSearchParams(stage === null ? {} : { stage });
      query.set("v", version);
      const address = `${runPath(run)}/pictures/${kind}?${query}`;
      if (stageOf(address) !== stageOf(wanted)) {
        frame.querySelector("img")?.remove();
        setHidden(word, false);
        setText(word, "Drawing.");
      }
      wanted = address;
      load();
      if (!isLoading && shown === wanted && !frame.querySelector("img")) setText(word, "Nothing to draw yet.");
    },
  };
}

const stageOf = (address) => address && new URL(address, location.href).searchParams.get("stage");
