// Visits each page in a real Chromium, each time with nothing in its cache, and prints what a visit cost.
import { createRequire } from 'node:module';

const { chromium } = createRequire(import.meta.url)('playwright-core');
const given = JSON.parse(process.argv[2]);
const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'] });
const { storageState, pages } = await signedIn();
for (const [size, viewport] of Object.entries(SIZES)) {
  // The first visit warms Chromium up, and counts for nothing.
  await visit(viewport, pages.conversations);
  for (let round = 0; round < given.rounds; round++) {
    for (const [page, address] of Object.entries(pages)) console.log(JSON.stringify({ size, page, ...await visit(viewport, address) }));
  }
}
await browser.close();

// Signs in once, and finds a conversation to look at.
async function signedIn() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(given.console);
  await page.fill('[name=name]', 'bench');
  await page.fill('[name=password]', given.password);
  await page.keyboard.press('Enter');
  const conversation = await page.locator('.line').first().getAttribute('href') ?? await page.locator('.line a').first().getAttribute('href');
  const storageState = await context.storageState();
  await context.close();
  const at = (path) => given.console + path;
  const pages = {
    'conversations': at('/'), 'found among them': at('/?q=ada'), 'conversation': at(conversation), 'activity': at('/activity'),
    'bot': at('/bot'), 'account': at('/account'), 'audit': at('/audit'), 'phone': given.phone,
  };
  return { storageState, pages };
}

async function visit(viewport, address) {
  const context = await browser.newContext({ viewport, storageState });
  const page = await context.newPage();
  const answer = await page.goto(address, { waitUntil: 'load' });
  if (!answer.ok()) throw new Error(`${address} answered ${answer.status()}`);
  const cost = await page.evaluate(() => new Promise((done) => {
    const [way] = performance.getEntriesByType('navigation');
    const loaded = performance.getEntriesByType('resource').filter(({ initiatorType }) => ['link', 'script', 'css'].includes(initiatorType));
    const weight = [way, ...loaded].reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);
    new PerformanceObserver((list) => {
      const paint = list.getEntriesByName('first-contentful-paint')[0];
      if (paint) done({ weight, answered: way.responseEnd, painted: paint.startTime });
    }).observe({ type: 'paint', buffered: true });
  }));
  await context.close();
  return cost;
}
