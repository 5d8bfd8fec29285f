"""How the report looks, on a screen and on paper."""

CSS = """
:root { color-scheme: light; --ink: #22262c; --pale: #6b727b; --line: #dfe3e8; --wash: #f6f7f9; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 24px 48px; max-width: 1080px; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 18px; overflow-wrap: anywhere; }
h2 { font-size: 15px; margin: 0 0 8px; overflow-wrap: anywhere; }
.to, .pale, figcaption { color: var(--pale); font-weight: normal; }
a { color: #1b5fae; text-decoration: none; }
a:hover { text-decoration: underline; }
section, figure { margin: 0 0 24px; }
figure img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px; }
figure.film video { display: block; width: 100%; max-width: 512px; margin: 0 auto; border-radius: 6px; }
figcaption { font-size: 13px; margin-top: 6px; text-align: center; }
ul { margin: 0; padding-left: 20px; }
li { overflow-wrap: anywhere; }
.warning, section.fault { padding: 12px 16px; border-radius: 6px; border-left: 4px solid; }
.warning { background: #fff8e6; border-color: #d99a00; }
section.fault { background: #fdeeee; border-color: #c62828; }
.figures { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 8px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--pale); font-weight: 600; }
tbody th { text-align: left; font-weight: 600; }
.figures p { font-size: 13px; margin: 6px 0 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 0; font-size: 13px; }
dt { color: var(--pale); }
dd { margin: 0; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 16px; margin: 0 0 28px; }
.card { display: block; padding: 12px; color: inherit; border: 1px solid var(--line); border-radius: 8px; }
.card:hover { background: var(--wash); text-decoration: none; }
.card img { display: block; width: 100%; height: auto; margin-bottom: 8px; border-radius: 4px; }
.card h2, .card p { margin: 0; font-size: 14px; }
.card.fault { border-color: #c62828; background: #fdeeee; }
@media print {
  @page { size: A4; margin: 12mm; }
  body { padding: 0; max-width: none; font-size: 10.5px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  h1 { font-size: 17px; margin-bottom: 8px; }
  h2 { font-size: 11.5px; margin-bottom: 4px; }
  section, figure { margin-bottom: 10px; break-inside: avoid; }
  figure.film, .files { display: none; }
  figure img { max-height: 82mm; width: auto; max-width: 100%; margin: 0 auto; }
  table, dl, .figures p, figcaption { font-size: 9px; }
  th, td { padding: 2px 5px; }
}
"""
