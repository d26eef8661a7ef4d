// npm's twitter-api-v2 against the simulator: what it sends reaches a person, and what the person does comes back to it.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { World, stranger } from './world.mjs';

const { TwitterApi } = stranger('twitter-api-v2');
const given = JSON.parse(process.argv[2]);
const { ada, ben, bot, app } = given;
const world = new World(given);
const settings = { httpAgent: world.agent };
const as = ({ token, secret }) =>
  new TwitterApi({ appKey: app.key, appSecret: app.secret, accessToken: token, accessSecret: secret }, settings);
const client = as(bot);

const files = {
  'image/png': Buffer.from([0x89, ...Buffer.from('PNG\r\n\x1a\n'), ...Buffer.alloc(3000)]),
  'image/gif': Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(3000)]),
  'video/mp4': Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(3000)]),
};

// The newest message that stands in the chat.
const last = async () => (await world.chat()).at(-1);
const data = ({ event }) => event.message_create.message_data;

async function refused(call, code, status) {
  await assert.rejects(call, (error) => {
    assert.equal(error.code, status, error.message);
    assert.equal(error.errors?.[0].code, code, error.message);
    return true;
  });
}

const steps = {
  async 'who am I'() {
    const me = await client.v1.verifyCredentials();
    assert.equal(me.id_str, bot.id);
    assert.equal((await client.currentUser()).screen_name, 'snowbot');
    await refused(as({ ...bot, secret: 'wrong' }).v1.verifyCredentials(), 32, 401);
    await refused(as({ ...bot, token: `${bot.id}-unknown` }).v1.verifyCredentials(), 89, 401);
  },

  async 'a message with quick replies is tapped, and the answer is read'() {
    const options = [
      { label: 'Track & trace', description: 'by number', metadata: 'order.track' },
      { label: 'Ein Mensch ☃', description: 'office hours', metadata: '{"to":"human"}' },
    ];
    const text = 'Pick one & only "one" <b> – 100 % ☃ + https://example.org/a?b=c#d';
    const sent = await client.v1.sendDm({ recipient_id: ada.id, text, quick_reply: { type: 'options', options } });
    assert.equal(sent.event.message_create.sender_id, bot.id);
    const shown = await last();
    assert.equal(shown.id, sent.event.id);
    assert.equal(shown.text, text);
    assert.deepEqual(shown.options.map(({ label }) => label), ['Track & trace', 'Ein Mensch ☃']);

    const { message } = await world.tap(shown.id, 'Ein Mensch ☃');
    const answer = await client.v1.getDmEvent(message);
    assert.equal(data(answer).quick_reply_response.metadata, '{"to":"human"}');
    const asked = await client.v1.getDmEvent(sent.event.id);
    assert.deepEqual(data(asked).quick_reply.options.map(({ metadata }) => metadata), options.map(({ metadata }) => metadata));
    assert.equal(asked.apps[app.id].name, 'our-bot');
  },

  async 'buttons that lead to the web'() {
    const ctas = [{ type: 'web_url', label: 'Open shop', url: 'https://example.org/shop' }];
    const sent = await client.v1.sendDm({ recipient_id: ada.id, text: 'The shop', ctas });
    assert.match(data(sent).ctas[0].tco_url, /^https:\/\/t\.co\//);
    assert.equal((await last()).links[0].url, 'https://example.org/shop');
  },

  async 'all messages are listed, page by page'() {
    for (const text of ['one', 'two', 'three']) await world.say(text);
    const ids = (await world.chat()).map(({ id }) => id).reverse();
    const pages = await client.v1.listDmEvents({ count: 2 });
    const listed = [];
    for await (const event of pages) listed.push(event.id);
    assert.deepEqual(listed, ids);
    assert.equal(pages.rateLimit.limit, 15);
  },

  async 'a message is taken out of one view only'() {
    const { event } = await client.v1.sendDm({ recipient_id: ada.id, text: 'forget this' });
    await client.v1.deleteDm(event.id);
    await refused(client.v1.getDmEvent(event.id), 34, 404);
    assert.equal((await last()).id, event.id);
  },

  async 'typing and read'() {
    const { message } = await world.say('are you there?');
    await client.v1.indicateDmTyping(ada.id);
    await client.v1.markDmAsRead(message, ada.id);
    const [typing, read] = (await world.signals()).slice(-2);
    assert.deepEqual([typing.kind, typing.to], ['typing', ada.id]);
    assert.deepEqual([read.kind, read.last], ['read', message]);
  },

  async 'pictures and films, in pieces'() {
    const kinds = { 'image/png': 'photo', 'image/gif': 'animated_gif', 'video/mp4': 'video' };
    for (const [mimeType, file] of Object.entries(files)) {
      const id = await client.v1.uploadMedia(file, { mimeType, target: 'dm', chunkLength: 1000 });
      const sent = await client.v1.sendDm({ recipient_id: ada.id, text: mimeType, attachment: { type: 'media', media: { id } } });
      assert.equal(data(sent).attachment.media.type, kinds[mimeType]);
      const { picture } = await last();
      assert.deepEqual(picture, { id, kind: kinds[mimeType], size: file.length });
      if (mimeType !== 'image/png') continue;
      // X keeps pictures on a host of their own.
      const address = data(sent).attachment.media.media_url_https.replace(world.url, 'https://ton.twitter.com');
      assert.deepEqual(await client.v1.downloadDmImage(address), file);
      await assert.rejects(as(given.owner).v1.downloadDmImage(address), (error) => error.code === 404);
    }
    // A media id is good for one message.
    const id = await client.v1.uploadMedia(files['image/png'], { mimeType: 'image/png', target: 'dm' });
    const attached = { recipient_id: ada.id, text: 'once', attachment: { type: 'media', media: { id } } };
    await client.v1.sendDm(attached);
    await assert.rejects(client.v1.sendDm(attached), (error) => error.code === 400);
    // Nor is one of a post's category good for a message.
    const post = await client.v1.uploadMedia(files['image/png'], { mimeType: 'image/png' });
    await assert.rejects(client.v1.sendDm({ ...attached, attachment: { type: 'media', media: { id: post } } }), /media/i);
  },

  async 'welcome messages and their rule'() {
    assert.deepEqual((await client.v1.listWelcomeDms()).welcomeMessages ?? [], []);
    const first = await client.v1.newWelcomeDm('first', { text: 'Welcome!', quick_reply: { type: 'options', options: [{ label: 'Menu' }] } });
    const { id } = first.welcome_message;
    await client.v1.updateWelcomeDm(id, { text: 'Welcome & hello' });
    assert.match((await client.v1.getWelcomeDm(id)).welcome_message.message_data.text, /^Welcome &(amp;)? hello$/);
    const rule = await client.v1.newWelcomeDmRule(id);
    const ruleId = rule.welcome_message_rule.id;
    assert.equal((await client.v1.getWelcomeDmRule(ruleId)).welcome_message_rule.welcome_message_id, id);

    const second = await client.v1.newWelcomeDm('second', { text: 'Hello again' });
    await client.v1.setWelcomeDm(second.welcome_message.id);
    const rules = (await client.v1.listWelcomeDmRules()).welcome_message_rules;
    assert.deepEqual(rules.map(({ welcome_message_id }) => welcome_message_id), [second.welcome_message.id]);
    const left = (await client.v1.listWelcomeDms()).welcomeMessages;
    assert.deepEqual(left.map(({ id }) => id), [second.welcome_message.id]);
    await client.v1.deleteWelcomeDmRule(rules[0].id);
    await client.v1.deleteWelcomeDm(second.welcome_message.id);
    assert.deepEqual(await client.v1.listWelcomeDmRules(), {});
  },

  async 'sign-in in three steps, with a PIN'() {
    const start = new TwitterApi({ appKey: app.key, appSecret: app.secret }, settings);
    const link = await start.generateAuthLink('oob', { linkMode: 'authorize' });
    assert.equal(link.oauth_callback_confirmed, 'true');
    const pin = await world.allowed(link.url, 'ada');
    const waiting = as({ token: link.oauth_token, secret: link.oauth_token_secret });
    await assert.rejects(waiting.login('0000000'), (error) => error.code === 401);
    const { client: adas, userId, screenName } = await waiting.login(pin);
    assert.deepEqual([userId, screenName], [ada.id, 'ada']);
    const { event } = await adas.v1.sendDm({ recipient_id: bot.id, text: 'from my own hand' });
    assert.equal((await last()).id, event.id);
  },

  async 'the app alone, and a webhook that gets an answer'() {
    const secret = app.secret;
    const got = [];
    const sign = (text) => `sha256=${createHmac('sha256', secret).update(text).digest('base64')}`;
    const hook = createServer(async (request, response) => {
      const token = new URL(request.url, 'http://hook').searchParams.get('crc_token');
      if (token) return response.setHeader('content-type', 'application/json').end(JSON.stringify({ response_token: sign(token) }));
      let body = '';
      for await (const piece of request) body += piece;
      assert.equal(request.headers['x-twitter-webhooks-signature'], sign(body));
      got.push(JSON.parse(body));
      hook.emit('told', response.end());
    });
    await new Promise((listening) => hook.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${hook.address().port}/hook`;
    const { id } = await as(given.owner).v1.post('account_activity/webhooks.json', { url });
    await client.v1.post('account_activity/webhooks/:id/subscriptions/all.json', undefined, { params: { id } });
    const alone = await client.appLogin();
    const subscribers = await alone.v1.get('account_activity/webhooks/:id/subscriptions/all/list.json', undefined, { params: { id } });
    assert.deepEqual(subscribers.subscriptions, [{ user_id: bot.id }]);
    const told = new Promise((resolve) => hook.once('told', resolve));
    const { message } = await world.say('knock knock');
    await told;
    assert.equal(got[0].direct_message_events[0].id, message);
    hook.close();
    hook.closeAllConnections();
  },

  async 'messages of the newer API'() {
    const { data: sent } = await client.v2.sendDmToParticipant(ada.id, { text: 'by the newer way ☃' });
    assert.equal((await last()).id, sent.dm_event_id);
    const conversation = [bot.id, ada.id].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)).join('-');
    assert.equal(sent.dm_conversation_id, conversation);
    await client.v2.sendDmInConversation(conversation, { text: 'and again' });
    const { message } = await world.say('I read you');
    const fields = { 'dm_event.fields': ['id', 'text', 'sender_id', 'dm_conversation_id', 'created_at'] };
    const ours = await client.v2.listDmEventsWithParticipant(ada.id, fields);
    assert.equal(ours.events[0].id, message);
    assert.equal(ours.events[0].sender_id, ada.id);
    assert.equal(ours.events[1].text, 'and again');
    assert.equal((await client.v2.listDmEventsOfConversation(conversation)).events[0].id, message);
    assert.equal((await client.v2.listDmEvents({ max_results: 1 })).events.length, 1);
    assert.equal((await client.v2.me()).data.username, 'snowbot');
    const options = { media_type: 'video/mp4', media_category: 'dm_video' };
    const id = await client.v2.uploadMedia(files['video/mp4'], options, 1000);
    await client.v2.sendDmToParticipant(ada.id, { attachments: [{ media_id: id }] });
    assert.deepEqual((await last()).picture, { id, kind: 'video', size: files['video/mp4'].length });
    await assert.rejects(client.v2.sendDmToParticipant(ada.id, { text: '' }), (error) => error.code === 400);
  },

  async 'a group of the newer API'() {
    const participants = { conversation_type: 'Group', participant_ids: [ada.id, ben.id] };
    const { data: opened } = await client.v2.createDmConversation({ ...participants, message: { text: 'all of you ☃' } });
    const conversation = opened.dm_conversation_id;
    const { data: again } = await client.v2.sendDmInConversation(conversation, { text: 'and again' });
    assert.equal(again.dm_conversation_id, conversation);
    const shown = (await world.groups()).at(-1);
    assert.equal(shown.id, conversation);
    assert.deepEqual(new Set(shown.members), new Set([bot.id, ada.id, ben.id]));
    assert.deepEqual(shown.messages.map(({ text }) => text), ['all of you ☃', 'and again']);
    const fields = { 'dm_event.fields': ['id', 'text', 'sender_id', 'dm_conversation_id'] };
    const { events } = await client.v2.listDmEventsOfConversation(conversation, fields);
    assert.deepEqual(events.map(({ id }) => id), [again.dm_event_id, opened.dm_event_id]);
    assert.equal(events[0].dm_conversation_id, conversation);
    assert.equal(events[0].sender_id, bot.id);
    assert.equal((await client.v2.listDmEvents({ max_results: 1 })).events[0].id, again.dm_event_id);
    await client.v2.delete(`dm_events/${again.dm_event_id}`);
    assert.equal((await client.v2.listDmEventsOfConversation(conversation)).events.length, 1);
    const empty = client.v2.createDmConversation({ ...participants, message: {} });
    await assert.rejects(empty, (error) => error.code === 400);
    const nobody = client.v2.createDmConversation({ ...participants, participant_ids: [ada.id, '4711'], message: { text: 'who?' } });
    await assert.rejects(nobody, (error) => error.code === 403 && /one or more participants/.test(error.data.detail));
    await assert.rejects(client.v2.sendDmInConversation('150000000000000', { text: 'where?' }), (error) => error.code === 403);
  },

  async 'OAuth 2 with PKCE, refreshed and revoked'() {
    const start = new TwitterApi({ clientId: app.clientId, clientSecret: app.clientSecret }, settings);
    const scope = ['dm.read', 'dm.write', 'tweet.read', 'users.read', 'offline.access'];
    const link = start.generateOAuth2AuthLink(app.callback, { scope });
    const back = await world.allowed(link.url, 'ada');
    assert.equal(back.get('state'), link.state);
    const { codeVerifier } = link;
    const adas = await start.loginWithOAuth2({ code: back.get('code'), codeVerifier, redirectUri: app.callback });
    assert.deepEqual(adas.scope.sort(), scope.sort());
    assert.equal(adas.expiresIn, 7200);
    const { data: sent } = await adas.client.v2.sendDmToParticipant(bot.id, { text: 'from Ada, by OAuth 2' });
    assert.equal((await last()).id, sent.dm_event_id);
    const again = await start.refreshOAuth2Token(adas.refreshToken);
    assert.equal((await again.client.v2.me()).data.id, ada.id);
    await start.revokeOAuth2Token(again.accessToken);
    await assert.rejects(again.client.v2.me(), (error) => error.code === 401);
  },
};

for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
    console.log(`ok: ${name}`);
  } catch (error) {
    console.log(`FAILED: ${name}\n`, error);
    process.exitCode = 1;
  }
}
// A step that failed may have left its webhook open.
process.exit();
