// What was used: the sums of the usage page, how it is sorted, filtered and exported, and files coming back.

import { readFile } from "node:fs/promises";

import type { Download, Page } from "@playwright/test";

import { ask, client } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { script } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

interface Figures {
    requests: number;
    errors: number;
    cost_usd: string;
}

interface Split {
    totals: Figures;
    rows: { key: string; label: string; figures: Figures }[];
}

const MODELS = ["claude-haiku-5-5", "claude-sonnet-5-5"];
const keys: { id: string; secret: string }[] = [];

test.beforeAll(async ({ admin, account, installation }) => {
    for (const name of ["Usage, first", "Usage, second"]) keys.push(await admin.issue(name, { account_id: account }));
    for (let n = 0; n < 5; n += 1) {
        const { anthropic } = client(installation.url, keys[n % 2]!.secret, 0);
        const tokens = script(n === 4 ? "status=529" : `in=${1000 + n},cache_read=500,events=4`);
        await anthropic.messages.create({ ...ask(), model: MODELS[n % 2]!, ...tokens }).catch(() => undefined);
    }
    await admin.recover(account);
    await expect.poll(async () => (await admin.rows(keys[0]!.id)).length + (await admin.rows(keys[1]!.id)).length).toBe(5);
});

test.beforeEach(async ({ page, installation }) => {
    await signIn(page, installation.url);
});

test("the rows are what the API says, and their sum is the last row to the nano-dollar", async ({ page, admin }) => {
    for (const by of ["key", "member", "model", "account", "provider"]) {
        await page.goto(`/web/usage?by=${by}`);
        const split = await admin.get<Split>(`/usage/by/${by}`);
        await expect(page.getByTestId("usage-row")).toHaveCount(split.rows.length);
        const costs = await exact(page, "usage-row");
        expect(costs.map(String)).toEqual(split.rows.map((row) => String(nanos(row.figures.cost_usd))));
        const [total] = await exact(page, "usage-totals");
        expect(costs.reduce((sum, cost) => sum + cost, 0n)).toBe(total);
        expect(total).toBe(nanos(split.totals.cost_usd));
    }
});

test("a heading sorts, once more turns the order round, and says so", async ({ page }) => {
    await page.goto("/web/usage?by=key");
    const heading = page.getByRole("columnheader", { name: "Requests" });
    const counts = async () =>
        page.getByTestId("usage-row").evaluateAll((rows) => rows.map((row) => Number(row.children[1]?.textContent?.replaceAll(",", ""))));
    await heading.getByRole("button").click();
    await expect(heading).toHaveAttribute("aria-sort", "descending");
    expect(await counts()).toEqual([...(await counts())].sort((a, b) => b - a));
    await heading.getByRole("button").click();
    await expect(heading).toHaveAttribute("aria-sort", "ascending");
    expect(await counts()).toEqual([...(await counts())].sort((a, b) => a - b));
    await expect(page.getByRole("columnheader", { name: "Charged" })).not.toHaveAttribute("aria-sort", /./);
});

test("range, split, step and filters are in the address and survive a reload", async ({ page, admin }) => {
    await page.goto("/web/usage");
    // Not today: a day may begin while this runs.
    await page.getByTestId("usage-range").getByText("7 days").click();
    await page.getByTestId("usage-by").getByText("Model").click();
    await page.getByTestId("usage-key").selectOption({ label: "Usage, first" });
    await expect(page).toHaveURL(/days=7&by=model&key_id=/);
    await expect(page.getByTestId("usage-row")).toHaveCount(1);
    await expect(page.getByTestId("usage-row")).toContainText(MODELS[0]!);
    await expect(page.getByTestId("figure-requests")).toHaveText("3");
    await page.getByTestId("usage-step").getByText("Hours").click();
    await expect(page).toHaveURL(/step=hour/);
    await page.reload();
    await expect(page.getByTestId("usage-row")).toHaveCount(1);
    await expect(page.getByTestId("usage-by").getByLabel("Model")).toBeChecked();
    await page.getByTestId("usage-by").getByText("Time").click();
    const series = await admin.get<{ points: { figures: Figures }[] }>(`/usage/series/hour?days=7&key_id=${keys[0]!.id}`);
    await expect(page.getByTestId("usage-row")).toHaveCount(series.points.filter((p) => p.figures.requests > 0).length);
    await page.getByRole("button", { name: "Clear" }).click();
    await expect(page).not.toHaveURL(/key_id/);
    await page.getByTestId("usage-range").getByText("Dates").click();
    await page.getByTestId("usage-from").fill("2020-01-01");
    await page.getByTestId("usage-to").fill("2020-01-31");
    await expect(page.getByText("Nothing was used")).toBeVisible();
});

test("tables and requests are saved as files", async ({ page, admin }) => {
    await page.goto(`/web/usage?by=key&key_id=${keys[1]!.id}`);
    await expect(page.getByTestId("usage-row")).toHaveCount(1);
    const table = await saved(page, "export-usage");
    expect(table.name).toMatch(/^usage-by-key-stepping-stones-\d{4}-\d\d-\d\d\.csv$/);
    const split = await admin.get<Split>(`/usage/by/key?key_id=${keys[1]!.id}`);
    const [heading, row] = table.text.replace("\ufeff", "").split("\r\n");
    expect(heading).toMatch(/^key,label,requests,errors,/);
    expect(row).toContain(`${keys[1]!.id},"Usage, second",${split.totals.requests},`);
    const lines = await saved(page, "export-usage-jsonl");
    expect(lines.name).toMatch(/^usage-by-key-stepping-stones-\d{4}-\d\d-\d\d\.jsonl$/);
    expect(lines.text.trim().split("\n").map((line) => JSON.parse(line) as object)).toEqual([
        expect.objectContaining({ key: keys[1]!.id, requests: split.totals.requests }),
    ]);
    await page.goto(`/web/requests?key_id=${keys[1]!.id}`);
    await expect(page.getByTestId("request")).toHaveCount(2);
    expect((await saved(page, "export-csv")).text.trim().split("\r\n")).toHaveLength(3);
});

test("a file that was exported is looked through before it is imported, and adds nothing twice", async ({ page, admin }) => {
    await page.goto(`/web/requests?key_id=${keys[0]!.id}`);
    await expect(page.getByTestId("request")).toHaveCount(3);
    const { text } = await saved(page, "export-jsonl");
    // One that the log lacks, of a moment earlier, and one that is no request.
    const first = JSON.parse(text.split("\n")[0]!) as { request_id: string; started_at: string; cost_usd: string };
    const other = { ...first, request_id: first.request_id.slice(0, -4) + "beef", cost_usd: "1.000000001" };
    const file = `${text}${JSON.stringify(other)}\n{"colour":1}\n`;
    const before = await admin.get<Split>(`/usage/by/key?key_id=${keys[0]!.id}`);

    await page.goto("/web/usage");
    await page.getByTestId("import-usage").click();
    const buffer = Buffer.from(file);
    await page.getByTestId("import-file").setInputFiles({ name: "usage.jsonl", mimeType: "application/x-ndjson", buffer });
    await expect(page.getByTestId("import-read")).toHaveText("5");
    await expect(page.getByTestId("import-added")).toHaveText("1");
    await expect(page.getByTestId("import-present")).toHaveText("3");
    await expect(page.getByTestId("import-refusals")).toContainText("Line 5: colour");
    expect((await admin.get<Split>(`/usage/by/key?key_id=${keys[0]!.id}`)).totals).toEqual(before.totals);
    await page.getByTestId("import-do").click();
    await expect(page.getByTestId("import-dialog")).toContainText("has been imported");
    const after = await admin.get<Split>(`/usage/by/key?key_id=${keys[0]!.id}`);
    expect(after.totals.requests).toBe(before.totals.requests + 1);
    expect(nanos(after.totals.cost_usd) - nanos(before.totals.cost_usd)).toBe(1_000_000_001n);
    await page.getByTestId("import-file").setInputFiles({ name: "usage.jsonl", mimeType: "application/x-ndjson", buffer });
    await expect(page.getByTestId("import-present")).toHaveText("4");
    await expect(page.getByTestId("import-do")).toBeHidden();
});

test("the ledger's panel says that usage is being written", async ({ page }) => {
    await page.goto("/web/usage");
    const panel = page.getByTestId("ledger");
    await expect(panel).toContainText("up to date");
    await expect(panel.getByTestId("dead-letters")).toHaveText("0");
    await expect(panel).toContainText("All organisations");
    await page.goto("/web/");
    await expect(page.getByTestId("figure-cost")).toBeVisible();
    await expect(page.getByTestId("alert-dead-letters")).toHaveCount(0);
});

test("on a phone the rows are cards that can still be sorted", async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto("/web/usage?by=key");
    await page.getByTestId("usage-sort").selectOption("Requests");
    await expect(page.getByTestId("usage-row").first()).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

/** Dollars as an integer. */
function nanos(dollars: string): bigint {
    const [whole, fraction = ""] = dollars.replace("$", "").split(".");
    return BigInt(whole!) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** The exact amounts charged, which the cells carry as their titles. */
async function exact(page: Page, rows: string): Promise<bigint[]> {
    const titles = await page.getByTestId(rows).getByTestId("usage-cost").evaluateAll((cells) => cells.map((cell) => cell.getAttribute("title")));
    return titles.map((title) => nanos(title ?? ""));
}

/** Presses a button that saves a file. */
async function saved(page: Page, testid: string): Promise<{ name: string; text: string }> {
    const waiting = page.waitForEvent("download");
    await page.getByTestId(testid).click();
    const download: Download = await waiting;
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}
