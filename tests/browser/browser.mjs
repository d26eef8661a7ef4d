// A real Chromium: every page is watched for errors, for requests to other hosts and for its weight, and looked at by axe.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// What is installed is found by NODE_PATH, which only `require` heeds.
const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

// The widths that people use: a desk and a phone.
export const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

// Bytes of the heaviest page, with all that it loads.
const HEAVIEST = 150_000;

export class Browser {
  static async start(shots) {
    const browser = new Browser();
    browser.chromium = await chromium.launch({ executablePath: '/usr/bin/chromium', args: QUIET });
    browser.shots = shots;
    return browser;
  }

  // A visitor of their own: with cookies that nobody else has.
  async visitor(size, colorScheme = 'light') {
    const context = await this.chromium.newContext({ viewport: SIZES[size], colorScheme });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    this.newest = page;
    return new Visitor(page, `${this.shots}/${size}`);
  }

  async stop() {
    await this.chromium.close();
  }
}

export class Visitor {
  constructor(page, shots) {
    this.page = page;
    this.shots = shots;
    this.wrong = [];
    page.on('console', (message) => {
      // A page that is refused on purpose says so with its status.
      if (message.type() === 'error' && !/the server responded with a status of 4/.test(message.text())) this.wrong.push(message.text());
    });
    page.on('pageerror', (error) => this.wrong.push(error.message));
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (protocol !== 'data:' && hostname !== '127.0.0.1') this.wrong.push(`asks ${hostname}`);
    });
  }

  async open(address) {
    await this.page.goto(address);
  }

  // Looks at the page as a test: nothing wrong, not too heavy, nothing that axe finds serious; and keeps a picture.
  async looks(name) {
    await this.page.waitForLoadState('load');
    assert.deepEqual(this.wrong, [], name);
    // The page with its style and script; the pictures of a chat are its content.
    const weight = await this.page.evaluate(() => {
      const loaded = performance.getEntriesByType('resource').filter(({ initiatorType }) => ['link', 'script', 'css'].includes(initiatorType));
      return [...performance.getEntriesByType('navigation'), ...loaded].reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);
    });
    assert.ok(weight > 1_000 && weight < HEAVIEST, `${name} weighs ${weight} bytes`);
    // The script of axe is injected past the page's own policy.
    await this.page.evaluate(axe).catch(async () => {
      const session = await this.page.context().newCDPSession(this.page);
      await session.send('Runtime.evaluate', { expression: axe });
    });
    const { violations } = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const told = serious.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html, failureSummary }) => `${html}\n    ${failureSummary}`).join('\n  ')}`);
    assert.deepEqual(told, [], `${name}: ${told.join('\n')}`);
    // Nothing sticks out sideways.
    const [wide, seen] = await this.page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= seen, `${name} is ${wide} wide where ${seen} are seen`);
    await this.page.screenshot({ path: `${this.shots}-${name}.png`, fullPage: true });
  }

  // Moves on with the Tab key until that element has the focus.
  async tabTo(selector, most = 80) {
    for (let count = 0; count < most; count++) {
      await this.page.keyboard.press('Tab');
      if (await this.page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    }
    assert.fail(`the Tab key does not lead to ${selector}`);
  }
}
