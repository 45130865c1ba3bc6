// Pools: two accounts behind one key, conversations that stay with theirs, and a pool that is kept while keys name it; and
// the board of accounts: what rests and why, a rest that is ended by hand, and an account that takes nothing new.

import type { Page } from "@playwright/test";

import type { Admin } from "../support/admin.ts";
import { ask, client } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { script } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

/** After this, every change has reached the relay. */
const HEARD = 1_500;

test.beforeEach(async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
});

/** An account that serves nobody who does not name it, so that other journeys do not meet it. */
async function dedicated(admin: Admin, name: string, url: string): Promise<string> {
    const id = await admin.account(name, url);
    await admin.patch(`/accounts/${id}`, { dedicated: true });
    return id;
}

/** Chooses from the menu of a row. */
async function choose(page: Page, row: "pool" | "account", name: string, item: string): Promise<void> {
    await page.getByTestId(row).filter({ hasText: name }).getByTestId(`${row}-menu`).click();
    await page.getByTestId(item).and(page.locator(":visible")).click();
}

/** Adds a pool to the chain of a key's form. */
async function chain(page: Page, name: string): Promise<void> {
    await page.getByTestId("pool-to-add").selectOption({ label: name });
    await page.getByTestId("add-to-chain").click();
}

/** By which account a request is answered that begins, or goes on with, a conversation. */
async function servedBy(admin: Admin, url: string, key: { id: string; secret: string }, text: string, turns = 0): Promise<string> {
    const request = ask(text);
    for (let n = 0; n < turns; n += 1) {
        request.messages.push({ role: "assistant", content: "By boat." }, { role: "user", content: `And then? (${n})` });
    }
    const { _request_id: id } = await client(url, key.secret, 0).anthropic.messages.create(request);
    const { request_id: row } = await admin.row(key.id, id);
    const { items } = await admin.get<{ items: { request_id: string; account_name: string }[] }>(`/requests?key_id=${key.id}&limit=200`);
    return items.find((one) => one.request_id === row)?.account_name ?? "";
}

test("a pool shares the load of a key, keeps conversations where they are, and stays while the key names it", async ({ page, admin, simulator, installation }) => {
    test.setTimeout(60_000);
    for (const name of ["Left bank", "Right bank"]) await dedicated(admin, name, simulator.url);

    await page.goto("/web/pools");
    await page.getByTestId("add-pool").click();
    await page.getByTestId("pool-name").fill("Ferries");
    await page.getByTestId("pool-strategy").selectOption("weighted");
    for (const name of ["Left bank", "Right bank"]) {
        await page.getByTestId("pool-account").filter({ hasText: name }).getByRole("checkbox").check();
    }
    await expect(page.getByTestId("pool-weight")).toHaveCount(2);
    await page.getByTestId("pool-weight").first().fill("0");
    await page.getByTestId("pool-sticky").fill("a while");
    await page.getByTestId("save-pool").click();
    await expect(page.getByTestId("pool-sticky")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByTestId("pool-dialog").getByTestId("form-error")).toContainText("must be between 1 and 1000");
    await page.getByTestId("pool-strategy").selectOption("round_robin");
    await expect(page.getByTestId("pool-weight")).toHaveCount(0);
    await page.getByTestId("pool-strategy").selectOption("weighted");
    await page.getByTestId("pool-weight").first().fill("1");
    await page.getByTestId("pool-strategy").selectOption("round_robin");
    await page.getByTestId("pool-sticky").fill("30");
    await page.getByTestId("save-pool").click();
    const row = page.getByTestId("pool").filter({ hasText: "Ferries" });
    await expect(row).toContainText("In turn");
    await expect(row).toContainText("Conversations stay for 30 min");
    await expect(row.getByTestId("pool-member")).toHaveText(["Left bank", "Right bank"]);

    await page.goto("/web/keys");
    await page.getByTestId("issue-key").click();
    await page.getByTestId("key-name").fill("Ferry");
    await page.getByTestId("key-account").selectOption({ label: "Pools, in an order" });
    await page.getByTestId("save-key").click();
    await expect(page.getByTestId("key-pools"), "no pool is not every account").toContainText("Choose at least one pool");
    await chain(page, "Ferries");
    await page.getByTestId("save-key").click();
    const secret = (await page.getByTestId("secret").innerText()).trim();
    await page.getByTestId("secret-done").click();
    const { items } = await admin.get<{ items: { id: string; name: string; pool_ids: string[] }[] }>("/keys?limit=200");
    const issued = items.find((key) => key.name === "Ferry")!;
    expect(issued.pool_ids).toHaveLength(1);
    const key = { id: issued.id, secret };

    const seen = new Set<string>();
    for (const text of ["One ferry", "Two ferries", "Three ferries", "Four ferries"]) {
        const first = await servedBy(admin, installation.url, key, text);
        seen.add(first);
        expect(await servedBy(admin, installation.url, key, text, 1), "the conversation stays").toBe(first);
        expect(await servedBy(admin, installation.url, key, text, 2), "the conversation stays").toBe(first);
    }
    expect([...seen].sort()).toEqual(["Left bank", "Right bank"]);

    await page.goto("/web/pools");
    await choose(page, "pool", "Ferries", "delete-pool");
    await expect(page.getByTestId("confirm").and(page.locator(":visible"))).toContainText("API keys that name it: 1");
    await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
    await expect(page.getByTestId("toasts"), "the API's own words").toContainText("1 key names this pool");
    await expect(row).toHaveCount(1);

    await choose(page, "pool", "Ferries", "edit-pool");
    await page.getByTestId("pool-sticky").fill("0");
    await page.getByTestId("pool-strategy").selectOption("active_first");
    await page.getByTestId("save-pool").click();
    await expect(row).toContainText("Conversations do not stay");
    const [from, to] = (await row.getByTestId("pool-member").first().innerText()).includes("Active") ? ["Left bank", "Right bank"] : ["Right bank", "Left bank"];
    await row.getByTestId("pool-member").filter({ hasText: to! }).getByTestId("make-active").click();
    await expect(row.getByTestId("pool-member").filter({ hasText: to! })).toContainText("Active");
    await expect(row.getByTestId("pool-member").filter({ hasText: from! }).getByTestId("make-active")).toBeVisible();
    await page.waitForTimeout(HEARD);
    expect(await servedBy(admin, installation.url, key, "One ferry")).toBe(to);

    await page.goto("/web/keys");
    await page.getByTestId("key").filter({ hasText: "Ferry" }).getByTestId("key-menu").click();
    await page.getByTestId("edit-key").and(page.locator(":visible")).click();
    await expect(page.getByTestId("chained-pool")).toHaveText(/Ferries/);
    await page.getByTestId("key-account").selectOption({ label: "Left bank" });
    await page.getByTestId("save-key").click();
    await expect(page.getByTestId("key-dialog")).toBeHidden();
    await page.goto("/web/pools");
    await choose(page, "pool", "Ferries", "delete-pool");
    await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
    await expect(row).toHaveCount(0);
    await page.goto("/web/accounts");
    await expect(page.getByTestId("account").filter({ hasText: "bank" }), "the accounts stay").toHaveCount(2);
});

test("the board says what an account rests for, until a person ends it", async ({ page, admin, simulator, installation }) => {
    const account = await dedicated(admin, "Rapids", simulator.url);
    const { secret } = await admin.issue("Over the rapids", { account_id: account });
    const { anthropic } = client(installation.url, secret, 0);
    await expect(anthropic.messages.create({ ...ask(), ...script("status=500") })).rejects.toThrow();

    await page.goto("/web/accounts");
    const row = page.getByTestId("account").filter({ hasText: "Rapids" });
    await expect(row.getByTestId("account-rest")).toContainText("Provider error");
    await expect(row.getByTestId("account-rest")).toContainText(/for another \d+ s/);
    await expect(row.getByTestId("account-health")).toContainText("Resting");
    await expect(anthropic.messages.create(ask()), "nothing is sent there meanwhile").rejects.toThrow();
    await choose(page, "account", "Rapids", "reset-account");
    await expect(page.getByTestId("toasts")).toContainText("Rapids is tried again");
    await expect(row.getByTestId("account-rest")).toHaveCount(0);
    await expect(async () => void (await anthropic.messages.create(ask()))).toPass({ timeout: 5_000 });
    await expect(row.getByTestId("account-health")).toContainText("Ready");
});

test("an account that is drained takes nothing new until that is stopped", async ({ page, admin, simulator, installation }) => {
    const account = await dedicated(admin, "Millpond", simulator.url);
    const { secret } = await admin.issue("At the millpond", { account_id: account });
    const { anthropic } = client(installation.url, secret, 0);
    await anthropic.messages.create(ask());

    await page.goto("/web/accounts");
    const row = page.getByTestId("account").filter({ hasText: "Millpond" });
    await choose(page, "account", "Millpond", "drain-account");
    await expect(row.getByTestId("account-health")).toContainText("Draining");
    await expect(async () => {
        await expect(anthropic.messages.create(ask(`Something new at ${Date.now()}`))).rejects.toThrow();
    }).toPass({ timeout: 5_000 });
    await choose(page, "account", "Millpond", "drain-account");
    await expect(row.getByTestId("account-health")).not.toContainText("Draining");
    await expect(async () => void (await anthropic.messages.create(ask()))).toPass({ timeout: 5_000 });
});

test("a key has pools in an order that the keyboard changes, and the first that can serves it", async ({ page, admin, simulator, installation }) => {
    const [upper, lower] = [await dedicated(admin, "Upper weir", simulator.url), await dedicated(admin, "Lower weir", simulator.url)];
    const pools = { Upstream: upper, Downstream: lower };
    for (const [name, account] of Object.entries(pools)) await admin.post("/pools", { name, account_ids: [account] });

    await page.goto("/web/keys");
    await page.getByTestId("issue-key").click();
    await page.getByTestId("key-name").fill("Between weirs");
    await page.getByTestId("key-account").selectOption({ label: "Pools, in an order" });
    const chained = page.getByTestId("chained-pool");
    for (const name of Object.keys(pools)) await chain(page, name);
    await expect(chained.first()).toContainText("In turn · Upper weir");
    await chained.last().getByTestId("pool-up").focus();
    await page.keyboard.press("Enter");
    await expect(chained).toHaveText([/Downstream/, /Upstream/]);
    await expect(page.getByText("Downstream is now 1 of 2.")).toBeAttached();
    await expect(chained.first().getByTestId("pool-down"), "the focus stays with what was moved").toBeFocused();
    await page.keyboard.press("Enter");
    await expect(chained.last().getByTestId("pool-up"), "there is no further down").toBeFocused();
    await page.keyboard.press("Enter");
    await expect(chained).toHaveText([/Downstream/, /Upstream/]);
    await page.getByTestId("save-key").click();
    const secret = (await page.getByTestId("secret").innerText()).trim();
    await page.getByTestId("secret-done").click();
    const { items } = await admin.get<{ items: { id: string; name: string }[] }>("/keys?limit=200");
    const key = { id: items.find((one) => one.name === "Between weirs")!.id, secret };
    expect(await servedBy(admin, installation.url, key, "Which weir?")).toBe("Lower weir");

    await page.goto("/web/keys");
    await page.getByTestId("key").filter({ hasText: "Between weirs" }).getByTestId("key-menu").click();
    await page.getByTestId("edit-key").and(page.locator(":visible")).click();
    await expect(chained).toHaveText([/Downstream/, /Upstream/]);
    await chained.first().getByTestId("pool-off").click();
    await page.getByTestId("save-key").click();
    await expect(page.getByTestId("key-dialog")).toBeHidden();
    await page.waitForTimeout(HEARD);
    expect(await servedBy(admin, installation.url, key, "And now?")).toBe("Upper weir");
});
