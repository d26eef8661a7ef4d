// The pictures of the README: a phone, a conversation, the bot's states.
import { Browser } from './browser.mjs';

const given = JSON.parse(process.argv[2]);
const browser = await Browser.start(given.shots);
const { page } = await browser.visitor('desk');
await page.setViewportSize({ width: 1200, height: 760 });
const chat = (name) => page.locator('.phone', { has: page.locator(`h2:has-text("${name}")`) });
const says = async (name, text, answer) => {
  await chat(name).locator('textarea').fill(text);
  await chat(name).locator('button:text-is("Send")').click();
  await chat(name).locator('article.bubble:not(.own)', { hasText: answer }).last().waitFor();
};
await page.goto(`${given.phone}?people=ada,ben&with=snowbot`);
await says('Ada', 'hi', 'Snow music');
await chat('Ada').locator('button:has(bdi:text-is("See a snow picture"))').first().click();
await chat('Ada').locator('img').first().waitFor();
await says('Ada', 'report aspen', 'Aspen:');
await says('Ben', 'can I bring my dog?', 'HOME');
await says('Ben', 'weather aspen', 'Aspen');
await chat('Ada').locator('button:has(bdi:text-is("About"))').first().click();
await chat('Ada').locator('article.bubble', { hasText: 'example bot of Junco' }).waitFor();
await page.screenshot({ path: `${given.pictures}/phone.png` });
await page.goto(given.console);
await page.click('.line:has-text("Ada")');
await page.waitForSelector('.bubble.us:has-text("example bot of Junco")');
await page.screenshot({ path: `${given.pictures}/conversation.png` });
await page.goto(`${given.console}/bot`);
await page.waitForSelector('svg');
await page.screenshot({ path: `${given.pictures}/bot.png` });
await browser.stop();
