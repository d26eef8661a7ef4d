// Accounts that are taken out and let in again, and the welcome message, as an admin changes them.
import { Browser, SIZES } from './browser.mjs';

const given = JSON.parse(process.argv[2]);

const browser = await Browser.start(given.shots);
try {
  for (const size of Object.keys(SIZES)) await takes_out_and_lets_in(size);
} catch (error) {
  await browser.newest.screenshot({ path: `${given.shots}/failed-accounts.png`, fullPage: true });
  throw error;
}
await browser.stop();

async function takes_out_and_lets_in(size) {
  const visitor = await browser.visitor(size);
  const { page } = visitor;
  await visitor.open(`${given.console}/account`);
  await page.fill('[name=name]', 'ada');
  await page.fill('[name=password]', given.password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:has-text("Account")');
  const said = (text) => page.waitForSelector(`[role=status]:has-text("${text}")`);

  await page.click('form[action="/account/subscription/remove"] button');
  await page.waitForSelector('h1:has-text("End the subscription")');
  await visitor.looks('account-take-out');
  await page.click('button:has-text("End it")');
  await said('is no longer subscribed');
  await page.waitForSelector('text=taken out');

  await page.click('button:has-text("Add an account")');
  await page.click('a:has-text("Go on to X")');
  await page.waitForURL(/oauth/);
  await page.check(`[name=person][value="${given.bot}"]`);
  await page.click('[name=decision][value=allow]');
  await said('is subscribed');
  await visitor.looks('account-let-in');
  await page.click('a:has-text("Back to the account")');
  await page.waitForSelector('form[action="/account/subscription/remove"] button');

  await page.click('button:has-text("Set the script")');
  await said('is set');
  await page.click('form[action="/account/welcome/delete"] button');
  await page.click('button:has-text("Delete it")');
  await said('deleted');
  await page.context().close();
}
