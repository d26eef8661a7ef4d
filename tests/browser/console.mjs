// The console as people of the house use it: signed in, with mouse and with keys alone, on a desk and on a phone.
import assert from 'node:assert/strict';
import { Browser, SIZES } from './browser.mjs';

const given = JSON.parse(process.argv[2]);
const NASTY = '<script>alert("x")</script>\u202Eevil 👩‍👩‍👧 ' + 'w'.repeat(400);

const ask = async (path, body) => {
  const answer = await fetch(given.x + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${await answer.clone().text()}`);
  return answer.json();
};
const says = (text, from = '@ada') => ask('/sim/say', { from, to: given.bot, text });

const browser = await Browser.start(given.shots);
try {
for (const size of (given.only ?? Object.keys(SIZES))) {
  await signs_in(size);
  await conversations(size);
  await time_machine(size);
  await takes_over(size);
  await takes_over_with_keys_alone(size);
  await sees_only_what_the_role_may(size);
  await activity(size);
  await goes_on_after_a_break(size);
  await rests_while_nobody_looks(size);
  await goes_when_signed_out(size);
}
} catch (error) {
  await browser.newest.screenshot({ path: `${given.shots}/failed.png`, fullPage: true });
  throw error;
}
await browser.stop();

async function entered(size, name = 'kim', scheme = 'light') {
  const visitor = await browser.visitor(size, scheme);
  await visitor.open(given.console);
  await visitor.page.fill('[name=name]', name);
  await visitor.page.fill('[name=password]', given.password);
  await visitor.page.keyboard.press('Enter');
  await visitor.page.waitForSelector('h1:has-text("Conversations")');
  return visitor;
}

async function signs_in(size) {
  const visitor = await browser.visitor(size);
  await visitor.open(`${given.console}/activity`);
  await visitor.looks('sign-in');
  await visitor.page.fill('[name=name]', 'kim');
  await visitor.page.fill('[name=password]', 'not the password');
  await visitor.page.click('button');
  await visitor.page.waitForSelector('[role=alert]');
  await visitor.page.fill('[name=password]', given.password);
  await visitor.page.click('button');
  await visitor.page.waitForSelector('h1:has-text("Activity")');
  await visitor.page.click('.leave button');
  await visitor.page.waitForSelector('h1:has-text("Sign in")');
  await visitor.open(given.console);
  await visitor.page.waitForSelector('h1:has-text("Sign in")');
  await visitor.page.context().close();
}

async function conversations(size) {
  const visitor = await entered(size);
  const { page } = visitor;
  await says('hello there');
  // The list keeps itself up to date.
  await page.waitForSelector('.line:has-text("Ada")');
  await ask('/sim/say', { from: given.nasty, to: given.bot, text: NASTY });
  await page.waitForSelector('.line:has-text("alert")');
  await visitor.looks('conversations');
  await page.fill('[name=q]', 'ada');
  await page.click('form.filter button');
  await page.waitForSelector('.count:has-text("1 conversation")');
  await page.selectOption('[name=kind]', 'opted-out');
  await page.click('form.filter button');
  await page.waitForSelector('.empty');
  await visitor.open(given.console);
  await page.click('.line:has-text("alert")');
  await page.waitForSelector('.bubble.them:has-text("<script>")');
  await visitor.looks('hostile');
  await page.context().close();
  const dark = await entered(size, 'kim', 'dark');
  await dark.looks('conversations-dark');
  await dark.open(`${given.console}/conversation/${given.bot}/${given.ada}`);
  await dark.looks('conversation-dark');
  await dark.page.context().close();
}

async function time_machine(size) {
  const visitor = await entered(size);
  const { page } = visitor;
  await visitor.open(`${given.console}/conversation/${given.bot}/${given.ada}`);
  const asked = page.locator('.turn:has(.mark.good) .bubble.us:has-text("Which size?")');
  const before_that = await asked.count();
  await says('size');
  await asked.nth(before_that).waitFor();
  await visitor.looks('conversation');
  const turn = () => page.textContent('#as-of');
  const now = await turn();
  await page.keyboard.press('ArrowLeft');
  await page.waitForSelector('#later');
  const before = await turn();
  assert.notEqual(before, now);
  await visitor.looks('conversation-earlier');
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((told) => document.querySelector('#as-of').textContent !== told, before);
  await page.click('a:has-text("Now")');
  await page.waitForSelector('#as-of:has-text("(now)")');
  await page.context().close();
}

async function takes_over(size) {
  const visitor = await entered(size);
  const { page } = visitor;
  await visitor.open(`${given.console}/conversation/${given.bot}/${given.ada}`);
  // Somebody else has the same page open, and has begun to write.
  const { page: another } = await entered(size);
  await another.goto(page.url());
  await another.fill('#say', 'While I was writing');
  await page.click('button:has-text("Take over")');
  await page.waitForSelector('button:has-text("Give the bot back")');
  await another.waitForSelector('button:has-text("Give the bot back")');
  assert.equal(await another.inputValue('#say'), 'While I was writing');
  await another.context().close();
  await page.fill('#say', `Kim here, from the ${size}`);
  await page.click('.desk button:text-is("Send")');
  await page.waitForSelector(`.bubble.us:has-text("Kim here, from the ${size}")`);
  await page.waitForSelector(`.turn:has(.bubble:has-text("Kim here, from the ${size}")) .mark.good:has-text("sent")`);
  const unanswered = page.locator('.why:has-text("a person speaks")');
  const silences = await unanswered.count();
  await says('S');
  await unanswered.nth(silences).waitFor();
  await visitor.looks('taken-over');
  await page.click('button:has-text("Give the bot back")');
  await page.waitForSelector('button:has-text("Take over")');
  // X refuses the next message for good; it is sent again by hand.
  const sent_again = page.locator('.turn:has(.mark.warm:has-text("kim")):has(.bubble:has-text("S it is")) .mark.good');
  const before = await sent_again.count();
  await ask('/sim/faults', { kind: 'refuse', with: { failure: 'already_said' }, times: 1 });
  await says('S');
  await page.waitForSelector('.turn:has(.mark.bad:has-text("refused (151)")):has(button:has-text("Send again"))');
  await visitor.looks('refused');
  // Pressed twice it goes out once.
  await page.locator('button:has-text("Send again")').dblclick();
  await sent_again.nth(before).waitFor();
  await says('size');
  await page.waitForSelector('.turn:last-child:has(.mark.good) .bubble.us:has-text("Which size?")');
  assert.equal(await sent_again.count(), before + 1);
  await page.context().close();
}

async function takes_over_with_keys_alone(size) {
  const visitor = await entered(size);
  const { page } = visitor;
  await visitor.tabTo('.line');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#say');
  await visitor.tabTo('#hand-over', 400);
  await page.keyboard.press('Enter');
  await page.waitForSelector('button:has-text("Give the bot back")');
  await visitor.tabTo('#say', 400);
  await page.keyboard.type('By keys alone');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.bubble.us:has-text("By keys alone")');
  await visitor.tabTo('#hand-over', 400);
  await page.keyboard.press('Enter');
  await page.waitForSelector('button:has-text("Take over")');
  await page.context().close();
}

async function sees_only_what_the_role_may(size) {
  const visitor = await entered(size, 'vic');
  const { page } = visitor;
  await visitor.open(`${given.console}/conversation/${given.bot}/${given.ada}`);
  await page.waitForSelector('.bubble:has-text("•••")');
  assert.equal(await page.locator('text=hello there').count(), 0);
  assert.equal(await page.locator('#say').count(), 0);
  await visitor.looks('viewer');
  await page.context().close();
}

async function activity(size) {
  const visitor = await entered(size);
  const { page } = visitor;
  await visitor.open(`${given.console}/activity?person=${given.ada}`);
  const text = `look at me on the ${size}`;
  await says(text);
  const card = page.locator('.event', { has: page.locator('b:text-is("message")') }).filter({ hasText: text });
  await card.locator('summary').click();
  await card.locator('pre').waitFor();
  await card.locator('[data-copy]').click();
  await page.waitForSelector('#told:has-text("Copied")');
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), new RegExp(text));
  await card.locator('[data-pin]').click();
  await page.waitForSelector('.event[data-pinned]');
  await says('somebody else', '@ben');
  const wrong = page.locator('#rates div:has(dt:text-is("Wrong signatures")) dd');
  const before = Number(await wrong.textContent());
  await fetch(`${given.webhook}`, { method: 'POST', body: '{}' });
  await wrong.filter({ hasText: new RegExp(`^${before + 1}$`) }).waitFor();
  assert.equal(await page.locator('.event:has-text("somebody else")').count(), 0, 'the filter holds for what comes');
  await visitor.looks('activity');
  // A paused list takes nothing, and catches up when it goes on.
  await page.click('[data-pause]');
  await page.waitForSelector('[data-pause]:has-text("Go on")');
  await says('while you were away');
  await wrong.filter({ hasText: new RegExp(`^${before + 1}$`) }).waitFor();
  await page.click('[data-pause]');
  await page.waitForSelector('.event:has-text("while you were away")');
  // Filters by kind and by text.
  await page.fill('[name=q]', text);
  await page.fill('[name=kind]', 'message');
  await page.click('form.filter button:has-text("Filter")');
  await page.waitForSelector(`.event:has-text("${text}")`);
  assert.equal(await page.locator('.event').count(), 1);
  await page.context().close();
}

// A proxy answers in the place of the service while that starts.
async function goes_on_after_a_break(size) {
  const visitor = await entered(size);
  const { page } = visitor;
  let broken = 0;
  await page.route('**/live*', (route) => { broken += 1; return route.fulfill({ status: 502, body: 'one moment' }); });
  await visitor.open(`${given.console}/activity`);
  await page.waitForSelector('#told:has-text("interrupted")');
  const text = `nobody hears this on the ${size}`;
  await says(text);
  await page.unroute('**/live*');
  await page.waitForSelector(`.event:has-text("${text}")`);
  await page.waitForSelector('#told:not(:has-text("interrupted"))', { state: 'attached' });
  assert.ok(broken > 0);
  assert.equal(await page.locator(`.event:has-text("${text}")`).count(), 1);
  await page.context().close();
}

async function rests_while_nobody_looks(size) {
  const visitor = await entered(size);
  const { page } = visitor;
  await visitor.open(`${given.console}/activity`);
  const card = (text) => page.locator('.event').filter({ hasText: text });
  await says(`first on the ${size}`);
  await card(`first on the ${size}`).waitFor();
  const looks = (hidden) => page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    return [...Line.all.values()].filter((line) => line.source).length;
  }, hidden);
  assert.equal(await looks(true), 0, 'no line is open');
  await says(`second on the ${size}`);
  assert.equal(await looks(false), 2);
  await card(`second on the ${size}`).waitFor();
  assert.equal(await card(`first on the ${size}`).count(), 1, 'nothing comes twice');
  await page.context().close();
}

async function goes_when_signed_out(size) {
  const visitor = await entered(size);
  const { page } = visitor;
  const elsewhere = await page.context().newPage();
  await elsewhere.goto(given.console);
  await elsewhere.click('.leave button');
  await elsewhere.waitForSelector('h1:has-text("Sign in")');
  await says('hello');
  await page.waitForSelector('h1:has-text("Sign in")');
  assert.equal(await page.locator('main').count(), 1, 'the form is a page of its own');
  await page.context().close();
}
