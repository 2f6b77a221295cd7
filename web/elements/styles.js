const css = `
:host {
  display: block;
  position: relative;
  container-type: inline-size;
  aspect-ratio: var(--limner-portrait-ratio, 1);
  overflow: hidden;
  border-radius: var(--limner-portrait-radius, 0);
  background: var(--limner-portrait-canvas, #e4dfd3);
  color: var(--limner-portrait-ink, #2a2722);
  --_ink: var(--limner-portrait-ink, #2a2722);
  --_canvas: var(--limner-portrait-canvas, #e4dfd3);
  --_accent: var(--limner-portrait-accent, #1f6457);
}
:host([hidden]), [hidden] { display: none !important; }
.frame, .fill { position: absolute; inset: 0; width: 100%; height: 100%; }
.frame:focus { outline: none; }
.aside { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }

.sitter { fill: none; stroke: currentColor; stroke-width: 0.7; stroke-linecap: round; opacity: 0.34; }
.sitter .guide { stroke-width: 0.35; opacity: 0.6; }
:host(:not([state="succeeded"])) .frame::before {
  content: "";
  position: absolute;
  inset: 0;
  background-image:
    repeating-linear-gradient(0deg, color-mix(in srgb, var(--_ink) 4%, transparent) 0 1px, transparent 1px 4px),
    repeating-linear-gradient(90deg, color-mix(in srgb, var(--_ink) 4%, transparent) 0 1px, transparent 1px 4px);
}
:host([state="loading"]) .sitter, :host([state="queued"]) .sitter, :host([state="processing"]) .sitter {
  animation: breathe 3.2s ease-in-out infinite alternate;
}

.previews { overflow: hidden; }
.layer {
  position: absolute;
  inset: 0;
  width: 100%;
  height: 100%;
  object-fit: cover;
  filter: blur(calc(var(--coarse, 0) * 2.4cqw));
  transform: scale(calc(1 + var(--coarse, 0) * 0.08));
  transition: filter 0.9s ease, transform 0.9s ease;
  animation: fade 0.8s ease;
}
:host([state="failed"]) .previews, :host([state="canceled"]) .previews, :host([state="expired"]) .previews { display: none; }

.picture { width: 100%; height: 100%; object-fit: cover; display: block; animation: arrive 0.8s cubic-bezier(0.2, 0.8, 0.2, 1); }

.label {
  position: absolute;
  inset: auto 0 0;
  display: flex;
  align-items: center;
  gap: 0.75em;
  padding: 0.7em 0.9em;
  background: color-mix(in srgb, var(--_canvas) 86%, transparent);
  backdrop-filter: blur(10px) saturate(1.3);
  font-size: 0.875rem;
  line-height: 1.35;
}
.text { flex: 1; min-width: 0; }
p { margin: 0; overflow-wrap: anywhere; }
.line { font-weight: 600; }
.more { display: flex; flex-wrap: wrap; gap: 0 0.35em; }
.more > :not([hidden]) + :not([hidden])::before { content: "· "; }
.time { font-variant-numeric: tabular-nums; white-space: nowrap; }
.note { opacity: 0.82; }

.ring { position: relative; flex: none; width: 2.9em; height: 2.9em; }
.ring svg { width: 100%; height: 100%; transform: rotate(-90deg); }
.ring circle { fill: none; stroke-width: 3; }
.track { stroke: color-mix(in srgb, var(--_ink) 16%, transparent); }
.arc {
  stroke: var(--_accent);
  stroke-linecap: round;
  stroke-dasharray: 100;
  stroke-dashoffset: calc((100 - var(--percent, 0)) * 1px);
  transition: stroke-dashoffset 0.6s ease;
}
.ring:not(.unmeasured) .arc { opacity: min(1, var(--percent, 0)); }
.ring.unmeasured .arc { stroke-dasharray: 22 78; stroke-dashoffset: 0; }
.ring.unmeasured svg { animation: turn 1.8s linear infinite; }
.percent {
  position: absolute;
  inset: 0;
  display: grid;
  place-content: center;
  font-size: 0.82em;
  font-variant-numeric: tabular-nums;
}
.percent::after { content: "%"; font-size: 0.75em; opacity: 0.7; position: absolute; inset: 62% 0 auto; text-align: center; }

button {
  font: inherit;
  font-weight: 600;
  flex: none;
  padding: 0.5em 0.9em;
  border: 1px solid currentColor;
  border-radius: 2px;
  background: transparent;
  color: inherit;
  cursor: pointer;
}
button:hover { background: color-mix(in srgb, var(--_ink) 10%, transparent); }
button:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
button[aria-busy="true"] { opacity: 0.55; cursor: progress; }
:host(:not([state="loading"], [state="queued"], [state="processing"])) .label { flex-wrap: wrap; }
:host(:not([state="loading"], [state="queued"], [state="processing"])) .text { flex: 1 1 auto; }

@keyframes breathe { from { opacity: 0.14; } to { opacity: 0.4; } }
@keyframes fade { from { opacity: 0; } }
@keyframes turn { to { transform: rotate(270deg); } }
@keyframes arrive { from { opacity: 0; transform: scale(1.035); filter: saturate(0.6); } }
@media (prefers-reduced-motion: reduce) {
  *, *::before { animation: none !important; transition: none !important; }
}
`;

/** @type {CSSStyleSheet | null} */
let shared = null;

/** The one style sheet all portraits adopt; made on first use, so that importing this does nothing. */
export function styleSheet() {
  if (shared === null) {
    shared = new CSSStyleSheet();
    shared.replaceSync(css);
  }
  return shared;
}
