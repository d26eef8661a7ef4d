// The account, the bot's picture and the audit, as an admin uses them.
import assert from 'node:assert/strict';
import { Browser, SIZES } from './browser.mjs';

const given = JSON.parse(process.argv[2]);
const says = async (text, from = '@ada') => {
  const body = JSON.stringify({ from, to: given.bot, text });
  const answer = await fetch(`${given.x}/sim/say`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.ok(answer.ok);
};

const browser = await Browser.start(given.shots);
try {
  for (const size of Object.keys(SIZES)) {
    await webhook_and_subscriptions(size);
    await replay_with_keys_alone(size);
    await lets_an_account_in(size);
    await the_bot(size);
    await audit(size);
  }
} catch (error) {
  await browser.newest.screenshot({ path: `${given.shots}/failed-account.png`, fullPage: true });
  throw error;
}
await browser.stop();

async function entered(size, address) {
  const visitor = await browser.visitor(size);
  await visitor.open(given.console + address);
  await visitor.page.fill('[name=name]', 'ada');
  await visitor.page.fill('[name=password]', given.password);
  await visitor.page.keyboard.press('Enter');
  await visitor.page.waitForSelector('main#content h1:not(:has-text("Sign in"))');
  return visitor;
}

async function webhook_and_subscriptions(size) {
  const visitor = await entered(size, '/account');
  const { page } = visitor;
  await page.waitForSelector(`text=${given.webhook}`);
  await visitor.looks('account');
  const shown = await page.content();
  for (const secret of given.secrets) assert.ok(!shown.includes(secret), 'secrets are never shown');
  const still_typing = await types_meanwhile(size);
  await page.click('button:has-text("Check now")');
  await page.waitForSelector('[role=status]:has-text("is valid")');
  await still_typing();
  await page.click('form[action="/account/webhook/delete"] button');
  await visitor.looks('account-delete');
  await page.click('button.danger');
  await page.waitForSelector('button:has-text("Register")');
  await page.click('button:has-text("Register")');
  await page.waitForSelector('.mark.good:has-text("valid")');
  await page.locator('form[action="/account/subscription/add"] button').first().click();
  await page.waitForSelector('form[action="/account/subscription/remove"] button');
  // What stands there already is not offered to be set again.
  const set = page.locator('button:has-text("Set the script")');
  if (await set.count()) await set.click();
  await page.waitForSelector('.mark.good:has-text("X has just this")');
  await visitor.looks('account-after');
  await page.context().close();
}

async function replay_with_keys_alone(size) {
  const visitor = await entered(size, '/account');
  const { page } = visitor;
  await visitor.tabTo('form[action="/account/replay"] [name=from]');
  const moment = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString().slice(0, 16);
  await page.locator('form[action="/account/replay"] [name=from]').fill(moment(120));
  await page.locator('form[action="/account/replay"] [name=to]').fill(moment(45));
  await visitor.tabTo('form[action="/account/replay"] button', 400);
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:has-text("Account")');
  await page.waitForSelector('text=The replay is ordered.');
  await page.waitForSelector('.mark.good:text-is("complete")');
  await visitor.looks('account-replayed');
  await page.context().close();
}

// Somebody types while another changes something, so that what X says is loaded anew under their hands. X's windows are narrow: it is asked
// only for what the other does.
async function types_meanwhile(size) {
  const { page } = await entered(size, '/account');
  const address = page.locator('form[action="/account/webhook/create"] [name=url]');
  await address.fill('https://another.example/webhook');
  await page.evaluate(() => { document.querySelector('.asked').dataset.old = 'yes'; });
  return async () => {
    await page.waitForSelector('.asked:not([data-old])');
    assert.equal(await address.inputValue(), 'https://another.example/webhook');
    assert.equal(await page.evaluate(() => document.activeElement.name), 'url', 'and the focus stays');
    await page.context().close();
  };
}

async function lets_an_account_in(size) {
  const visitor = await entered(size, '/account');
  const { page } = visitor;
  await page.click('button:has-text("Add an account")');
  await page.click('a:has-text("Go on to X")');
  await page.waitForURL(/oauth/);
  await page.locator('button, input[type=submit]').filter({ hasText: /cancel|refuse|no/i }).first().click();
  await page.waitForURL(new RegExp(given.console));
  await visitor.open(`${given.console}/account`);
  await page.context().close();
}

async function the_bot(size) {
  const visitor = await entered(size, '/bot');
  const { page } = visitor;
  // The picture counts whoever comes into a state, and the page is not loaded again.
  await page.evaluate(() => { document.body.dataset.same = 'yes'; });
  for (const [texts, state] of [[['size'], 'size'], [['S', 'hello'], 'home']]) {
    const box = page.locator('#picture g.state', { has: page.locator(`title:text-is("${state}")`) });
    const before = Number(/(\d+) entered/.exec(await box.textContent())[1]);
    for (const text of texts) await says(text);
    await box.filter({ hasText: new RegExp(`\\b${before + 1} entered`) }).waitFor();
  }
  const figures = page.locator('#figures');
  const before = Number(/(\d+) from people/.exec(await figures.textContent())[1]);
  await says('gibberish that nothing takes');
  await figures.filter({ hasText: new RegExp(`(^|\\D)${before + 1} from people`) }).waitFor();
  assert.equal(await page.evaluate(() => document.body.dataset.same), 'yes');
  // What nobody understood is a form, which nothing changes under somebody's hands.
  await page.reload();
  await page.waitForSelector('text=gibberish that nothing takes');
  await visitor.looks('bot');
  await page.locator('tr, li, form').filter({ hasText: 'gibberish' }).locator('button:has-text("Propose")').first().click();
  await page.waitForSelector('[name=taker]');
  await page.selectOption('[name=taker]', 'state size');
  await page.click('button:text-is("Show")');
  await page.waitForSelector('#proposal');
  await page.click('[data-copy=proposal]');
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /gibberish/);
  await visitor.looks('proposal');
  await page.context().close();
}

async function audit(size) {
  const visitor = await entered(size, '/audit');
  await visitor.page.waitForSelector('text=ada');
  await visitor.looks('audit');
  await visitor.page.context().close();
}
