// The phone page as somebody who tries a bot on uses it: chats side by side, old buttons, faults, the wire, a chat that becomes a test.
import assert from 'node:assert/strict';
import { Browser, SIZES } from './browser.mjs';

const given = JSON.parse(process.argv[2]);
const NASTY = '<script>alert("x")</script>\u202Eevil 👩‍👩‍👧 ' + 'w'.repeat(400);

const chat = (page, name) => page.locator('.phone', { has: page.locator(`h2:has-text("${name}")`) });
const bubbles = (page, name) => chat(page, name).locator('article.bubble');

const browser = await Browser.start(given.shots);
try {
  for (const size of Object.keys(SIZES)) {
    await chats(size);
    await chats_with_keys_alone(size);
    await lets_things_go_wrong(size);
    await each_fault(size);
    await wire(size);
  }
} catch (error) {
  await browser.newest.screenshot({ path: `${given.shots}/failed-phone.png`, fullPage: true });
  throw error;
}
await browser.stop();

async function says(page, name, text) {
  await chat(page, name).locator('textarea').fill(text);
  await chat(page, name).locator('button:text-is("Send")').click();
}

async function answered(page, name, text, count) {
  await bubbles(page, name).filter({ hasText: text }).nth(count - 1).waitFor();
}

async function chats(size) {
  const visitor = await browser.visitor(size);
  const { page } = visitor;
  await visitor.open(`${given.phone}?people=ada,ben&with=snowbot`);
  const before = await bubbles(page, 'Ada').filter({ hasText: 'Aspen:' }).count();
  await says(page, 'Ada', 'hi');
  await bubbles(page, 'Ada').filter({ hasText: 'What shall it be?' }).last().waitFor();
  await says(page, 'Ben', NASTY);
  await bubbles(page, 'Ben').filter({ hasText: '<script>' }).last().waitFor();
  await says(page, 'Ada', 'report aspen');
  await answered(page, 'Ada', 'Aspen:', before + 1);
  // An old button stays tappable.
  const menu = bubbles(page, 'Ada').filter({ hasText: 'What shall it be?' }).first();
  const abouts = await bubbles(page, 'Ada').filter({ hasText: 'example bot of Junco' }).count();
  await menu.locator('button:has(bdi:text-is("About"))').click();
  await answered(page, 'Ada', 'example bot of Junco', abouts + 1);
  await menu.locator('button:has-text("See a snow picture")').click();
  await chat(page, 'Ada').locator('img').first().waitFor();
  await visitor.looks('phone');
  await chat(page, 'Ada').locator('[data-copy-test]').click();
  await page.waitForFunction(() => document.querySelector('#told').textContent || document.querySelector('#test').open);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /user "report aspen"/);
  assert.match(copied, /tap "About" of=/);
  await page.context().close();
  const dark = await browser.visitor(size, 'dark');
  await dark.open(`${given.phone}?people=ada,ben&with=snowbot`);
  await dark.looks('phone-dark');
  await dark.page.context().close();
}

async function chats_with_keys_alone(size) {
  const visitor = await browser.visitor(size);
  const { page } = visitor;
  await visitor.open(`${given.phone}?people=chloe&with=snowbot`);
  const menus = await bubbles(page, 'Chlo').filter({ hasText: 'What shall it be?' }).count();
  await visitor.tabTo('textarea');
  await page.keyboard.type('hi');
  await page.keyboard.press('Enter');
  await answered(page, 'Chlo', 'What shall it be?', menus + 1);
  await page.evaluate(() => document.activeElement.blur());
  await visitor.tabTo('.options button:last-child', 200);
  const before = await bubbles(page, 'Chlo').count();
  await page.keyboard.press('Enter');
  await bubbles(page, 'Chlo').nth(before).waitFor();
  await page.context().close();
}

async function lets_things_go_wrong(size) {
  const visitor = await browser.visitor(size);
  const { page } = visitor;
  await visitor.open(`${given.phone}?people=ada&with=snowbot`);
  for (const fault of ['duplicate', 'lose_answer']) {
    await page.click(`#switch-${fault}`);
    await page.waitForSelector(`#switch-${fault}[aria-pressed=true]`);
  }
  const before = await bubbles(page, 'Ada').filter({ hasText: 'Snow music' }).count();
  await says(page, 'Ada', 'home');
  await answered(page, 'Ada', 'Snow music', before + 1);
  await page.click('#once-redeliver');
  await page.waitForSelector('#told:has-text("made again")');
  for (const fault of ['duplicate', 'lose_answer']) {
    await page.click(`#switch-${fault}`);
    await page.waitForSelector(`#switch-${fault}[aria-pressed=false]`);
  }
  await page.click('#lever-crash');
  await page.waitForFunction(() => document.querySelector('#told').textContent !== '');
  await says(page, 'Ada', 'home');
  await answered(page, 'Ada', 'Snow music', before + 2);
  assert.equal(await bubbles(page, 'Ada').filter({ hasText: 'Snow music' }).count(), before + 2, 'nothing is said twice');
  await page.click('#lever-restart');
  await page.waitForFunction(() => document.querySelector('#told').textContent !== '');
  await visitor.looks('phone-faults');
  await page.context().close();
}

// Whatever goes wrong, everything is answered, once.
async function each_fault(size) {
  const visitor = await browser.visitor(size);
  const { page } = visitor;
  await visitor.open(`${given.phone}?people=ben&with=snowbot`);
  const turned = async (fault, on) => {
    await page.click(`#switch-${fault}`);
    await page.waitForSelector(`#switch-${fault}[aria-pressed=${on}]`);
  };
  const reported = (place) => bubbles(page, 'Ben').filter({ hasText: `${place}:` });
  const answers = async (place, meanwhile) => {
    const before = await reported(place).count();
    await says(page, 'Ben', `report ${place}`);
    await meanwhile?.();
    await reported(place).nth(before).waitFor();
    return before + 1;
  };
  // Late is not lost; what X would not take waits; and what the webhook did not take comes again.
  await turned('delay', true);
  await answers('Aspen');
  await turned('delay', false);
  await turned('refuse', true);
  await answers('Vail', async () => {
    await page.locator('details.exchange:has(span:text-is("429"))').first().waitFor();
    await turned('refuse', false);
  });
  await turned('outage', true);
  const total = await answers('Copper', async () => {
    await page.locator('#switch-outage small').filter({ hasText: /[1-9]/ }).waitFor();
    await turned('outage', false);
  });
  // The second of two goes first.
  const [aspen, vail] = [await reported('Aspen').count(), await reported('Vail').count()];
  await page.click('#once-swap');
  await page.waitForSelector('#once-swap[disabled]');
  await says(page, 'Ben', 'report Aspen');
  await says(page, 'Ben', 'report Vail');
  await reported('Aspen').nth(aspen).waitFor();
  await reported('Vail').nth(vail).waitFor();
  await page.click('#once-check');
  await page.waitForSelector('#told:has-text("answers rightly")');
  const pictures = await chat(page, 'Ben').locator('article.own img').count();
  await chat(page, 'Ben').locator('button:has-text("Send a picture")').click();
  await chat(page, 'Ben').locator('article.own img').nth(pictures).waitFor();
  const counted = [await reported('Aspen').count(), await reported('Vail').count(), await reported('Copper').count()];
  assert.deepEqual(counted, [aspen + 1, vail + 1, total], 'nothing is said twice');
  await page.context().close();
}

async function wire(size) {
  const visitor = await browser.visitor(size);
  const { page } = visitor;
  await visitor.open(`${given.phone}?people=ada&with=snowbot`);
  const call = await opened(page, 'events/new', 'oauth_signature');
  assert.ok(!(await call.textContent()).includes(given.secret), 'secrets are never shown');
  await opened(page, '/webhook/twitter', 'x-twitter-webhooks-signature');
  await visitor.looks('phone-wire');
  await page.context().close();
}

// The newest exchange of that target, opened. It is held by its id, for newer ones come above it while it is looked at.
async function opened(page, target, header) {
  const id = await page.locator('details.exchange', { hasText: target }).first().getAttribute('id');
  const exchange = page.locator(`#${id}`);
  await exchange.locator('summary').click();
  await exchange.locator(`text=/${header}/i`).first().waitFor();
  return exchange;
}
