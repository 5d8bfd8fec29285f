"""How the report of a collection looks, on a screen and on paper."""

CSS = """
:root { color-scheme: light; --ink: #22262c; --pale: #6b727b; --line: #dfe3e8; --wash: #f6f7f9; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 24px 48px; max-width: 1120px; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 10px; }
h3 { font-size: 14px; margin: 0; overflow-wrap: anywhere; }
p { margin: 0 0 8px; }
.pale { color: var(--pale); font-weight: normal; }
a { color: #1b5fae; text-decoration: none; }
a:hover { text-decoration: underline; }
section { margin: 0 0 30px; }
.counts { display: flex; flex-wrap: wrap; gap: 10px; margin: 18px 0 30px; padding: 0; list-style: none; }
.counts li { flex: 1 1 110px; padding: 10px 14px; border: 1px solid var(--line); border-radius: 8px; }
.counts b { display: block; font-size: 22px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.counts span { color: var(--pale); font-size: 13px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 14px; }
.card { display: block; padding: 12px; color: inherit; border: 1px solid var(--line); border-radius: 8px; }
a.card:hover { background: var(--wash); text-decoration: none; }
.card p { margin: 0; font-size: 13px; }
.faces { display: grid; grid-template-columns: repeat(4, 1fr); gap: 3px; margin: 8px 0 0; }
.faces img { display: block; width: 100%; height: auto; border-radius: 4px; background: #e4e7ec; }
.warning { padding: 12px 16px; border-radius: 6px; border-left: 4px solid #d99a00; background: #fff8e6; }
ul, ol { margin: 0; padding-left: 20px; }
li { overflow-wrap: anywhere; }
code { font-size: 13px; background: var(--wash); padding: 1px 4px; border-radius: 3px; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
th, td { padding: 5px 8px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { color: var(--pale); font-weight: 600; }
td:first-child { width: 40%; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 0; font-size: 13px; }
dt { color: var(--pale); }
dd { margin: 0; overflow-wrap: anywhere; }
.more { margin: 10px 0 0; font-size: 13px; }
@media print {
  @page { size: A4; margin: 12mm; }
  body { padding: 0; max-width: none; font-size: 10.5px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  h1 { font-size: 17px; }
  h2 { font-size: 12px; margin-bottom: 5px; }
  .cards { grid-template-columns: repeat(4, 1fr); gap: 8px; }
  .card { break-inside: avoid; padding: 7px; }
  .counts b { font-size: 15px; }
  .how { display: none; }
}
"""
