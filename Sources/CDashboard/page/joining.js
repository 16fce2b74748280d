import { command, element, setHidden, setText } from "./elements.js";

/** Where this page is, without a slash at its end: what a proxy calls the coordinator. */
const ownAddress = () => new URL(".", location.href).href.replace(/\/$/, "");
const isLoopback = (host) => /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/.test(host);

/**
 * The command that starts a worker, at an address that other hosts reach where there is one: this page's own, or where
 * the page was opened on the coordinator's host, the coordinator's.
 */
export function joining() {
  const shown = command("Copy the command");
  const hint = element("p", { class: "hint" });
  const limit = element("p", { class: "hint limit", hidden: true });
  return {
    element: element("div", { class: "joining" }, hint, shown.element, limit),
    update({ needsToken, addresses }) {
      const others = isLoopback(location.hostname) ? addresses ?? [] : [];
      const isAlone = isLoopback(location.hostname) && addresses?.length === 0;
      const address = others[0] ?? ownAddress();
      shown.show(`cairn worker --coordinator ${address}${needsToken ? " --token-file token" : ""}`);
      setText(hint, [
        `On ${isAlone ? "this host" : "any machine that reaches this address"}; it starts with the next task.`,
        needsToken ? "The file token holds the coordinator's token and is its owner's alone (mode 600)." : "",
        others.length > 1 ? `Other addresses: ${others.slice(1).join(", ")}.` : "",
      ].filter(Boolean).join(" "));
      setHidden(limit, !isAlone);
      setText(limit, isAlone ? "The coordinator listens on this host alone: other hosts cannot reach it. Start it with "
        + "--listen 0.0.0.0:8420 --token-file token, or put a proxy with TLS in front of it (docs/cluster.md)." : "");
    },
  };
}
