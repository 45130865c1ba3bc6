// The matrix as a table: a line for each SDK and upstream, a column for each case.

import type { Result } from "./matrix.ts";

/** One SDK at one upstream. */
export interface Line {
    sdk: string;
    upstream: string;
    cells: Result[];
}

export function table(lines: Line[]): string {
    const first = lines[0];
    if (!first) return "no SDK was tried";
    const head = ["SDK", "upstream", ...first.cells.map((cell) => cell.what)];
    const rows = lines.map(({ sdk, upstream, cells }) => [sdk, upstream, ...cells.map((cell) => (cell.wrong === null ? "ok" : "FAILED"))]);
    const widths = head.map((title, at) => Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0), title.length));
    const line = (row: string[]) => row.map((text, at) => text.padEnd(widths[at] ?? 0)).join("  ").trimEnd();
    const cells = lines.flatMap((one) => one.cells);
    const passed = cells.filter((cell) => cell.wrong === null).length;
    return [line(head), ...rows.map(line), `${passed} of ${cells.length} passed`].join("\n");
}
