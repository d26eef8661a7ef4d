// The simulated world: the way to it, and what its people do in it.
import https from 'node:https';
import net from 'node:net';
import { createRequire } from 'node:module';

// What is installed is found by NODE_PATH, which only `require` heeds.
export const stranger = createRequire(import.meta.url);

export class World {
  constructor({ url, ada }) {
    this.url = url;
    this.ada = ada;
  }

  // The client calls https://api.x.com as ever, and signs that address: only the socket leads here.
  get agent() {
    const { hostname, port } = new URL(this.url);
    return new (class extends https.Agent {
      createConnection() {
        return net.connect(port, hostname);
      }

      addRequest(request, ...rest) {
        request.setHeader('x-forwarded-proto', 'https');
        super.addRequest(request, ...rest);
      }
    })();
  }

  async ask(path, body) {
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(this.url + path, body && post);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  // Opens a page that asks whether an app may come in, as a browser does, and lets it: gives what the app is told, or else the PIN.
  async allowed(link, name) {
    const page = this.url + link.slice(new URL(link).origin.length);
    const html = await (await fetch(page)).text();
    const fields = new URLSearchParams();
    for (const [tag] of html.matchAll(/<(input|button)[^>]*>[^<]*/g)) {
      const of = (attribute) => tag.match(new RegExp(`${attribute}="([^"]*)"`))?.[1].replaceAll('&amp;', '&');
      const chosen = of('type') === 'hidden' || tag.includes(`@${name} `) || (tag.startsWith('<button') && of('value') === 'allow');
      if (chosen) fields.append(of('name'), of('value'));
    }
    const action = new URL(html.match(/<form[^>]* action="([^"]*)"/)[1], page);
    const answer = await fetch(action, { method: 'POST', body: fields, redirect: 'manual' });
    const back = answer.headers.get('location');
    return back ? new URL(back).searchParams : (await answer.text()).match(/\b\d{7}\b/)[0];
  }

  // What stands in Ada's chat with the bot, oldest first.
  chat() {
    return this.ask(`/sim/transcript?a=@ada&b=@snowbot`);
  }

  say(text) {
    return this.ask('/sim/say', { from: '@ada', to: '@snowbot', text });
  }

  tap(message, option) {
    return this.ask('/sim/tap', { person: '@ada', message, option });
  }

  // Every group, oldest first.
  groups() {
    return this.ask('/sim/groups');
  }

  // Who was shown what, newest last.
  signals() {
    return this.ask('/sim/signals');
  }
}
