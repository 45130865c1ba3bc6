// Proxies: one that is added with the wrong password, tested and put right; an account that goes through it, whose key
// nobody has read by another; what happens when it dies, and when it is back; and who must let go of it before it is removed.

import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

import type { Page } from "@playwright/test";

import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

const LOGIN = { user: "ada", password: "pr0xy-s3cret" };
/** After this, every change has reached the relay. */
const HEARD = 1_500;

/** A proxy on this machine that leads to one place only, and counts. */
class Proxy {
    tunnels = 0;
    strangers = 0;
    readonly #only: string;
    readonly #open = new Set<Socket>();
    #server: Server | undefined;
    port = 0;

    constructor(only: string) {
        this.#only = new URL(only).host;
    }

    async start(): Promise<void> {
        const right = `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString("base64")}`;
        const server = createServer((_, answer) => answer.writeHead(501).end());
        server.on("connection", (near) => {
            this.#open.add(near);
            near.on("error", () => near.destroy());
            near.on("close", () => this.#open.delete(near));
        });
        server.on("connect", (request, near: Socket, head) => {
            if (request.headers["proxy-authorization"] !== right) {
                this.strangers += 1;
                near.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
                return;
            }
            if (request.url !== this.#only) {
                near.end("HTTP/1.1 403 Forbidden\r\n\r\n");
                return;
            }
            const { hostname, port } = new URL(`http://${request.url}`);
            const far = connect(Number(port), hostname, () => {
                this.tunnels += 1;
                near.write("HTTP/1.1 200 Connection established\r\n\r\n");
                far.write(head);
                far.pipe(near).pipe(far);
            });
            far.on("error", () => near.destroy());
            near.on("close", () => far.destroy());
        });
        await new Promise<void>((done) => server.listen(this.port, "127.0.0.1", done));
        this.port = (server.address() as AddressInfo).port;
        this.#server = server;
    }

    /** Gone, with every tunnel. It can be started again at the same place. */
    async stop(): Promise<void> {
        const closed = new Promise((done) => this.#server?.close(done));
        for (const socket of this.#open) socket.destroy();
        await closed;
    }
}

/** Chooses from the menu of a row. */
async function choose(page: Page, row: "proxy" | "account", name: string, item: string): Promise<void> {
    await page.getByTestId(row).filter({ hasText: name }).getByTestId(`${row}-menu`).click();
    await page.getByTestId(item).and(page.locator(":visible")).click();
}

/** Asks through the relay; the status, and the code of a refusal. */
async function ask(url: string, key: string): Promise<{ status: number; text: string; wait: string | null }> {
    const answer = await fetch(`${url}/api/v1/messages`, {
        method: "POST",
        headers: { "x-api-key": key, "anthropic-version": "2023-06-01", "content-type": "application/json" },
        body: JSON.stringify({ model: "claude-sonnet-5-5", max_tokens: 50, messages: [{ role: "user", content: "How do you cross a river?" }] }),
    });
    return { status: answer.status, text: await answer.text(), wait: answer.headers.get("retry-after") };
}

test("a proxy is put right, serves an account, is set aside when it dies, and stays while it is named", async ({ page, admin, simulator, installation }) => {
    test.setTimeout(90_000);
    const proxy = new Proxy(simulator.url);
    await proxy.start();
    try {
        const account = await admin.account("Tunnel", simulator.url);
        await admin.patch(`/accounts/${account}`, { dedicated: true });
        const { secret } = await admin.issue("Through the tunnel", { account_id: account });
        await signIn(page, installation.url);

        await page.goto("/web/proxies");
        await page.getByTestId("add-first-proxy").or(page.getByTestId("add-proxy")).first().click();
        await page.getByTestId("proxy-name").fill("Frankfurt");
        await page.getByTestId("proxy-host").fill("http://127.0.0.1");
        await page.getByTestId("proxy-port").fill("some");
        await page.getByTestId("proxy-username").fill(LOGIN.user);
        await page.getByTestId("proxy-password").fill("wr0ng-s3cret");
        await page.getByTestId("save-proxy").click();
        await expect(page.getByTestId("proxy-host"), "every bad field is told at once").toHaveAttribute("aria-invalid", "true");
        await expect(page.getByTestId("proxy-port")).toHaveAttribute("aria-invalid", "true");
        await page.getByTestId("proxy-host").fill("127.0.0.1");
        await page.getByTestId("proxy-port").fill(String(proxy.port));
        await page.getByTestId("save-proxy").click();
        const row = page.getByTestId("proxy").filter({ hasText: "Frankfurt" });
        await expect(row).toContainText("Ready");
        await expect(row).toContainText(`http://ada@127.0.0.1:${proxy.port}`);
        await expect(row).toContainText("nobody");

        await row.getByTestId("test-proxy").click();
        const outcome = page.getByTestId("proxy-outcome");
        await expect(outcome).toHaveAttribute("data-outcome", "failed");
        await expect(outcome).toContainText("does not accept the user name and password");
        await page.getByTestId("close-proxy-test").click();
        expect(proxy.strangers).toBe(1);
        await choose(page, "proxy", "Frankfurt", "edit-proxy");
        await page.getByTestId("proxy-password").fill(LOGIN.password);
        await page.getByTestId("save-proxy").click();
        await expect(page.getByTestId("proxy-dialog")).toBeHidden();
        await row.getByTestId("test-proxy").click();
        await expect(outcome, "it works, and leads to one place only").toContainText("does not connect to the provider");
        await page.getByTestId("close-proxy-test").click();
        await expect(row.getByTestId("proxy-last-test")).toContainText("Failed");
        expect(proxy.strangers).toBe(1);

        // The provider is spoken to without TLS here: nobody else may read the key without whoever enters it.
        await page.goto("/web/accounts");
        await choose(page, "account", "Tunnel", "edit-account");
        await page.getByTestId("proxy-choice").selectOption({ label: "Frankfurt" });
        await page.getByTestId("save-account").click();
        await expect(page.getByTestId("form-error")).toContainText("another proxy would read the credential of Tunnel");
        await page.getByTestId("account-api-key").fill("sk-sim-e2e");
        await page.getByTestId("save-account").click();
        await expect(page.getByTestId("save-account")).toBeHidden();
        await page.waitForTimeout(HEARD);
        expect((await ask(installation.url, secret)).status).toBe(200);
        expect(proxy.tunnels).toBe(1);

        await page.goto("/web/proxies");
        await expect(row.getByTestId("proxy-users")).toHaveText("Tunnel");
        await choose(page, "proxy", "Frankfurt", "delete-proxy");
        await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
        await expect(page.getByTestId("toasts"), "the API's own words").toContainText("named by the accounts Tunnel");

        await proxy.stop();
        const dead = await ask(installation.url, secret);
        expect([dead.status, dead.text.includes("proxy_unavailable")]).toEqual([503, true]);
        expect(Number(dead.wait)).toBeGreaterThan(0);
        await page.waitForTimeout(500);
        await page.reload();
        await expect(row).toContainText("Set aside");
        await expect(row.getByTestId("proxy-rest")).toContainText("nothing listens there");
        await page.goto("/web/accounts");
        const board = page.getByTestId("account").filter({ hasText: "Tunnel" });
        await expect(board.getByTestId("account-rest")).toContainText("Proxy not available · Frankfurt");

        await proxy.start();
        await page.goto("/web/proxies");
        await choose(page, "proxy", "Frankfurt", "reset-proxy");
        await expect(row).toContainText("Ready");
        await page.waitForTimeout(HEARD);
        expect((await ask(installation.url, secret)).status).toBe(200);
        expect(proxy.tunnels).toBe(2);

        await page.setViewportSize({ width: 390, height: 844 });
        await page.goto("/web/proxies");
        await expect(row).toContainText("Ready");
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        expect(wide, "nothing is wider than the screen").toBe(false);
        await page.setViewportSize({ width: 1280, height: 800 });

        await admin.patch(`/accounts/${account}`, { proxy: "direct" });
        await page.goto("/web/proxies");
        await choose(page, "proxy", "Frankfurt", "delete-proxy");
        await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
        await expect(row).toHaveCount(0);
    } finally {
        await proxy.stop();
    }
});

test("the organization's default and a pool's own way are chosen in their forms", async ({ page, admin, simulator, installation }) => {
    const { id } = await admin.post<{ id: string }>("/proxies", { name: "Ostend", scheme: "socks5", host: "proxy.example.com", port: 1080, enabled: false });
    await signIn(page, installation.url);
    await page.goto("/web/pools");
    await page.getByTestId("add-first-pool").or(page.getByTestId("add-pool")).first().click();
    await page.getByTestId("pool-name").fill("Coast");
    await page.getByTestId("proxy-choice").selectOption({ label: "Ostend" });
    await page.getByTestId("save-pool").click();
    await expect(page.getByTestId("pool").filter({ hasText: "Coast" })).toBeVisible();
    await page.goto("/web/proxies");
    const row = page.getByTestId("proxy").filter({ hasText: "Ostend" });
    await expect(row.getByTestId("proxy-users")).toHaveText("Coast");
    await expect(row).toContainText("socks5://proxy.example.com:1080");

    await page.goto("/web/settings");
    const choice = page.getByTestId("proxy-choice");
    await expect(choice).toHaveValue("direct");
    const { items: pools } = await admin.get<{ items: { id: string; name: string; proxy: string }[] }>("/pools?limit=200");
    const pool = pools.find((one) => one.name === "Coast")!;
    expect(pool.proxy).toBe(id);
    await admin.patch(`/pools/${pool.id}`, { proxy: "inherit" });
    await expect(choice.locator("option", { hasText: "Ostend" })).toHaveCount(1);
    // An account that is spoken to without TLS: its key is not shown to a proxy behind anybody's back.
    const account = await admin.account("Shore", simulator.url);
    await choice.selectOption({ label: "Ostend" });
    await page.getByTestId("save-default-proxy").click();
    await expect(page.getByTestId("form-error")).toContainText("another proxy would read the credential");
    // With its own way said, the default is nothing to it; other journeys' accounts say nothing.
    const { items: accounts } = await admin.get<{ items: { id: string; proxy: string }[] }>("/accounts?limit=200");
    const followers = accounts.filter((one) => one.proxy === "inherit");
    expect(followers.map((one) => one.id)).toContain(account);
    await Promise.all(followers.map((one) => admin.patch(`/accounts/${one.id}`, { proxy: "direct" })));
    await page.getByTestId("save-default-proxy").click();
    await expect(page.getByTestId("toasts")).toBeVisible();
    expect((await admin.get<{ default_proxy_id: string | null }>("/organization")).default_proxy_id).toBe(id);
    await admin.patch("/organization", { default_proxy_id: null });
    await Promise.all(followers.map((one) => admin.patch(`/accounts/${one.id}`, { proxy: "inherit" })));
});
