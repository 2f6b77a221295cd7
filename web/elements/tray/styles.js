const css = `
:host {
  position: fixed;
  inset: auto 1rem 1rem auto;
  z-index: 20;
  width: min(23rem, calc(100vw - 2rem));
  pointer-events: none;
  color: var(--limner-tray-ink, #2a2722);
  font-size: 0.9375rem;
  line-height: 1.4;
  --_ink: var(--limner-tray-ink, #2a2722);
  --_paper: var(--limner-tray-paper, #fbf9f4);
  --_accent: var(--limner-tray-accent, #1f6457);
  --_alert: var(--limner-tray-alert, #93263a);
  --_line: color-mix(in srgb, var(--_ink) 16%, transparent);
}
:host([hidden]), [hidden] { display: none !important; }
*, *::before { box-sizing: border-box; }
p, ul, ol { margin: 0; padding: 0; list-style: none; overflow-wrap: anywhere; }
.aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.tray { display: flex; flex-direction: column; align-items: flex-end; gap: 0.6rem; }
.toasts { display: flex; flex-direction: column-reverse; gap: 0.6rem; width: 100%; }

.toast, .panel, .toggle {
  pointer-events: auto;
  border: 1px solid var(--_line);
  border-radius: 3px;
  background: var(--_paper);
  color: inherit;
  box-shadow: 0 0.6rem 1.6rem -0.6rem rgb(0 0 0 / 0.35), 0 0.1rem 0.3rem rgb(0 0 0 / 0.12);
}
.toast, .row { display: flex; align-items: center; gap: 0.75rem; }
.toast { padding: 0.65rem 0.7rem 0.65rem 0.9rem; border-left: 3px solid var(--_line); animation: rise 0.35s cubic-bezier(0.2, 0.8, 0.2, 1); }
.toast.queued, .toast.processing { border-left-color: color-mix(in srgb, var(--_accent) 45%, transparent); }
.toast.succeeded { border-left-color: var(--_accent); }
.toast.failed { border-left-color: var(--_alert); }
.failed { display: grid; grid-template-columns: 1fr auto; gap: 0.5rem 0.75rem; }
.failed .dismiss { grid-area: 1 / 2; align-self: start; }
.failed :is(.button, button:not(.dismiss)) { grid-row: 2; justify-self: start; }
/* What the open list shows need not be said beside it. */
.open .toast:is(.queued, .processing, .failed) { display: none; }
.text { flex: 1; min-width: 0; }
.label { font-weight: 600; }
.line, .note { font-size: 0.875rem; opacity: 0.78; }
.failed .line { opacity: 1; color: var(--_alert); }
.thumb { flex: none; width: 3rem; height: 3rem; object-fit: cover; border-radius: 2px; background: color-mix(in srgb, var(--_ink) 8%, transparent); overflow: hidden; }
.thumb img { width: 100%; height: 100%; object-fit: cover; display: block; filter: blur(1px); }

.panel { width: 100%; max-height: min(26rem, 60vh); overflow-y: auto; overscroll-behavior: contain; }
.row { padding: 0.7rem 0.7rem 0.7rem 0.9rem; }
.row + .row, .foot { border-top: 1px solid var(--_line); }
.row .thumb { width: 2.5rem; height: 2.5rem; }
.row .line { font-variant-numeric: tabular-nums; }
.foot { position: sticky; bottom: 0; display: flex; align-items: center; justify-content: flex-end; gap: 0.75rem; padding: 0.6rem 0.7rem 0.6rem 0.9rem; background: var(--_paper); }
.foot .note { flex: 1; }
.bar { height: 0.25rem; margin-top: 0.4rem; border-radius: 0.125rem; background: var(--_line); overflow: hidden; }
.bar::before {
  content: "";
  display: block;
  width: calc(var(--percent, 0) * 1%);
  height: 100%;
  border-radius: inherit;
  background: var(--_accent);
  transition: width 0.6s ease;
}
.waiting .bar { background: none; height: 0; margin: 0; }

button, .button {
  flex: none;
  padding: 0.3rem 0.7rem;
  border: 1px solid var(--_line);
  border-radius: 2px;
  background: transparent;
  color: inherit;
  font: inherit;
  font-size: 0.875rem;
  text-decoration: none;
  cursor: pointer;
}
.button:not([href]) { padding: 0; border: 0; cursor: default; }
button:hover, .button:hover { border-color: currentColor; }
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
[aria-busy="true"] { opacity: 0.55; cursor: progress; }
.dismiss { padding: 0.1rem 0.45rem; border-color: transparent; font-size: 1.15rem; line-height: 1.2; opacity: 0.7; }
.dismiss:hover { opacity: 1; }
/* Below the list, which comes after it for those who use the keyboard. */
.toggle { order: 1; display: inline-flex; align-items: center; gap: 0.6rem; padding: 0.5rem 0.95rem; border-radius: 2rem; font-variant-numeric: tabular-nums; }
.dot { width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--_alert); }
.busy .dot { background: var(--_accent); animation: beat 1.4s ease-in-out infinite alternate; }

@media (max-width: 34rem) {
  .toast:nth-child(n + 3) { display: none; }
}

/* One row in the page's own flow. What has no room in it is cut off below; the list still has it. */
:host([docked]) { position: relative; inset: auto; z-index: auto; flex: 1; width: auto; min-width: 0; container-type: inline-size; }
:host([docked]) .tray { flex-direction: row; align-items: center; justify-content: flex-end; }
:host([docked]) .toasts { flex-flow: row-reverse wrap; align-content: flex-start; width: auto; min-width: 0; flex: 1; height: var(--_row); overflow: hidden; --_row: 3.7rem; }
:host([docked]) .toasts:empty { display: none; }
:host([docked]) .toast { display: flex; flex: 0 1 auto; gap: 0.6rem; min-width: 0; max-width: min(100%, 23rem); height: var(--_row); padding-block: 0; box-shadow: none; line-height: 1.25; }
:host([docked]) .toast.failed { max-width: min(100%, 31rem); }
:host([docked]) .toast .dismiss { align-self: center; }
:host([docked]) .toast .thumb { width: 2.7rem; height: 2.7rem; }
:host([docked]) .toast .text { display: grid; grid-template-columns: fit-content(100%) 1fr; column-gap: 0.6rem; }
:host([docked]) .toast .text > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
:host([docked]) .toast .label { grid-column: 1 / -1; }
:host([docked]) .toast .text > :not(.label) { font-size: 0.875rem; }
:host([docked]) .toast.failed .line { display: -webkit-box; white-space: normal; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
:host([docked]) .panel { position: absolute; inset: calc(100% + 0.6rem) 0 auto auto; width: min(23rem, calc(100vw - 2rem)); }
@container (max-width: 26rem) {
  /* A failure stays until it is put away: the line has to be there to open the list, where it is with its reason. */
  :host([docked]) .toast.failed, :host([docked]) .tray:not(.open) .toasts:has(.toast:not(.failed)) + .toggle { display: none; }
  :host([docked]) .toast { gap: 0.4rem; padding-inline: 0.6rem 0.2rem; font-size: 0.8125rem; }
  :host([docked]) .toast .thumb { display: none; }
  :host([docked]) .toast .text > :not(.label) { grid-column: 1 / -1; font-size: inherit; }
  :host([docked]) .toast .line { display: none; }
  :host([docked]) .toast :is(button, .button):not(.dismiss) { padding-inline: 0.5rem; font-size: inherit; }
  :host([docked]) .toast .dismiss { min-width: 2rem; min-height: 2rem; }
  :host([docked]) .toggle { flex: 0 1 auto; min-width: 0; padding-inline: 0.8rem; font-size: 0.8125rem; line-height: 1.25; }
}
@keyframes beat { to { opacity: 0.25; } }
@keyframes rise { from { opacity: 0; transform: translateY(0.5rem); } }
@media (prefers-reduced-motion: reduce) {
  *, *::before { animation: none !important; transition: none !important; }
}
`;

/** @type {CSSStyleSheet | null} */
let shared = null;

/** The style sheet of the tray; made on first use, so that importing this does nothing. */
export function styleSheet() {
  if (shared === null) {
    shared = new CSSStyleSheet();
    shared.replaceSync(css);
  }
  return shared;
}
