// The style sheet of report.html, light and dark. Colours carry meaning only where a sign or a word says the same.

export const htmlStyle = `
:root { color-scheme: light dark;
  --ground: #fbfbfa; --card: #ffffff; --text: #1d2327; --soft: #5c666d; --line: #dfe3e6; --hover: #f1f4f6;
  --pass: #14733b; --documented-limit: #0c6b78; --budget-exceeded: #8f5a00; --violation: #b3201f; --inconclusive: #7a3a94; --not-applicable: #6b757c;
  --pass-ground: #e8f5ec; --documented-limit-ground: #e2f3f5; --budget-exceeded-ground: #fdf1d9; --violation-ground: #fce8e6; --inconclusive-ground: #f4e9f8; --not-applicable-ground: transparent;
  --ok: #2166ac; --ok-ground: #2166ac2e; --error: #c8331f; --fault: #e3a40033; --mending: #e3a40016; --fault-edge: #b98500;
  --primary: #2166ac; --replica: #b9d2e8; --unreachable: #d9dcde; --zombie: #c8331f; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #14181b; --card: #1b2126; --text: #e4e8eb; --soft: #9ba7ae; --line: #323b41; --hover: #252d33;
  --pass: #6fd08f; --documented-limit: #5cc8d6; --budget-exceeded: #f0b64c; --violation: #ff8a80; --inconclusive: #d59aec; --not-applicable: #8b979e;
  --pass-ground: #17301f; --documented-limit-ground: #14303a; --budget-exceeded-ground: #3a2c10; --violation-ground: #401d1b; --inconclusive-ground: #34213d;
  --ok: #6db1ee; --ok-ground: #6db1ee33; --error: #ff7b6b; --fault: #f0b64c38; --mending: #f0b64c16; --fault-edge: #f0b64c;
  --primary: #4d9de0; --replica: #2f4a60; --unreachable: #3b4247; --zombie: #ff6b5b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: .3rem 0 .2rem; }
h1 span { display: block; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .1rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; }
p { margin: .2rem 0; }
.soft { color: var(--soft); }
code, pre { font: .88em/1.5 ui-monospace, "Cascadia Code", Menlo, "DejaVu Sans Mono", monospace; }
pre { overflow-x: auto; padding: 12px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.command { user-select: all; overflow-wrap: anywhere; white-space: pre-wrap; margin: 14px 0 0; }
.badge { display: inline-block; padding: 2px 11px; border-radius: 99px; font-weight: 650; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 12px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr:last-child > *, tfoot tr:last-child > * { border-bottom: 0; }
.verdicts tbody tr:last-child > * { border-bottom: 2px solid var(--line); }
thead th { font-weight: 650; vertical-align: bottom; }
tbody th { font-weight: 500; }
.verdicts th:first-child { position: sticky; left: 0; background: var(--card); z-index: 1; }
.verdicts td { padding: 3px 4px; }
.verdicts tfoot td { padding: 7px 12px; }
.wide { white-space: normal; min-width: 19rem; }
.facts thead th, .verdicts thead th { white-space: normal; }
ul { margin: 0; padding-left: 1.1rem; }
.reasons { list-style: none; padding: 0; margin: 20px 0 0; display: grid; gap: 8px; }
.reasons li { padding: 9px 14px; border-radius: 8px; border-left: 4px solid; }
.reasons p, .error { overflow-wrap: anywhere; }
.cell { display: block; width: 100%; padding: 4px 8px; border: 0; border-radius: 6px; font: inherit; text-align: left; }
button.cell { cursor: pointer; }
button.cell:hover { text-decoration: underline; }
button.cell:focus-visible { outline: 2px solid currentColor; outline-offset: 1px; }
button.close { float: right; font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: 6px; cursor: pointer; padding: 1px 10px; }
[popover] { max-width: min(620px, 94vw); max-height: 86vh; overflow: auto; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; box-shadow: 0 12px 48px #0006; }
[popover]::backdrop { background: #0004; }
[popover] h3 { margin-top: 0; }
[popover] table { margin-top: 12px; }
[popover] td, [popover] thead th + th { text-align: right; }
[popover] th, [popover] td { padding: 5px 10px; }
summary { cursor: pointer; margin-top: 1rem; font-weight: 600; }
.chart { padding: 10px 10px 4px; }
svg { display: block; width: 100%; min-width: 860px; height: auto; }
svg text { fill: var(--soft); font: 12px system-ui, "DejaVu Sans", sans-serif; }
svg .label { fill: var(--text); font-weight: 600; }
.grid { stroke: var(--line); }
.ok { fill: var(--ok-ground); stroke: var(--ok); stroke-width: 1.5; stroke-linejoin: round; }
.errors { fill: var(--error); }
.fault { fill: var(--fault); } .mending { fill: var(--mending); } .edge { stroke: var(--fault-edge); }
.lost { stroke: var(--error); stroke-width: 2; }
.role-primary { fill: var(--primary); } .role-replica { fill: var(--replica); } .role-unreachable { fill: var(--unreachable); } .role-zombie { fill: var(--zombie); }
.zombie-band { fill: var(--zombie); opacity: .2; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 2px; color: var(--soft); font-size: .88rem; list-style: none; padding: 0; }
.legend svg { display: inline-block; width: 14px; min-width: 14px; height: 12px; margin-right: 6px; vertical-align: -1px; }
.legend .ok { stroke-width: 2; }
${["pass", "documented-limit", "budget-exceeded", "violation", "inconclusive", "not-applicable"].map((verdict) => `.${verdict} { color: var(--${verdict}); background: var(--${verdict}-ground); }`).join("\n")}
@media (max-width: 640px) { main { padding: 16px 12px 40px; } h1 { font-size: 1.3rem; } th, td { padding: 6px 9px; } .verdicts tfoot td { padding: 6px 12px; } .wide { min-width: 16rem; } }
@media print { body { background: none; } .scroll { border: 0; } }
`;
