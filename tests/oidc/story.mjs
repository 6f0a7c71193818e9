// Two processes and a browser without a screen: hindcast, a provider, and somebody who goes from one to the other.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Provider } from 'oidc-provider';

const [, , hindcast] = process.argv;
const PASSWORD = 'a quiet green lamp';

/// Who the provider knows, and whether it verified their addresses.
const ACCOUNTS = {
  invited: { email: 'invited@northwind.example', email_verified: true, name: 'Ines Invited' },
  stranger: { email: 'stranger@northwind.example', email_verified: true, name: 'Sam Stranger' },
  known: { email: 'mara@northwind.example', email_verified: true, name: 'Mara' },
  liar: { email: 'mara@northwind.example', email_verified: false, name: 'Not Mara' },
};

/// Remembers cookies as a browser would, host by host.
class Browser {
  jar = new Map();
  async ask(url, options = {}) {
    const { host, origin } = new URL(url);
    const cookies = [...(this.jar.get(host) ?? new Map())].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie: cookies, ...(options.headers ?? {}) };
    if (options.form) {
      options.method = 'POST';
      options.body = new URLSearchParams(options.form).toString();
      headers['content-type'] = 'application/x-www-form-urlencoded';
      headers.origin = origin;
    }
    const answer = await fetch(url, { ...options, headers, redirect: 'manual' });
    const kept = this.jar.get(host) ?? new Map();
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0].split(/=(.*)/s);
      if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(cookie)) kept.delete(name);
      else kept.set(name, value);
    }
    this.jar.set(host, kept);
    return answer;
  }
  /// Follows redirects until a page, and says where it is.
  async follow(url, options) {
    let answer = await this.ask(url, options);
    for (let hop = 0; hop < 20 && answer.status >= 300 && answer.status < 400; hop += 1) {
      url = new URL(answer.headers.get('location'), url).href;
      answer = await this.ask(url);
    }
    return { url, status: answer.status, text: await answer.text() };
  }
}

async function startProvider() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  return { server, issuer };
}

function serveProvider({ server, issuer }, callback) {
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'hindcast', client_secret: 'a secret of two', redirect_uris: [callback] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['story'] },
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...ACCOUNTS[id] }) }),
  });
  server.on('request', provider.callback());
}

async function startHindcast(folder) {
  const child = spawn(hindcast, ['serve', '--data', join(folder, 'data'), '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const heard = new Promise((done, fail) => {
    const listen = (chunk) => {
      said += chunk;
      const found = said.match(/Open (http:\/\/[^/]+)\/setup and type this code: (\S+)/);
      if (found) done({ url: found[1], code: found[2] });
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('exit', (code) => fail(new Error(`hindcast ended with ${code}: ${said}`)));
  });
  return { child, ...(await heard) };
}

/// Away to the provider, signed in there, and back.
async function signIn(browser, url, account, why = 'next=/log') {
  let page = await browser.follow(`${url}/auth/oidc?${why}`);
  for (let step = 0; step < 4 && page.url.includes('/interaction/'); step += 1) {
    const prompt = page.text.match(/name="prompt" value="(\w+)"/)?.[1] ?? 'login';
    page = await browser.follow(page.url, { form: { prompt, login: account, password: 'anything' } });
  }
  return page;
}

const folder = mkdtempSync(join(tmpdir(), 'hindcast-oidc-'));
const provider = await startProvider();
let server;
try {
  server = await startHindcast(folder);
  const { url, code } = server;
  serveProvider(provider, `${url}/auth/oidc/callback`);

  const owner = new Browser();
  const setup = { code, workspace: 'Northwind', name: 'Mara', email: 'mara@northwind.example', password: PASSWORD, zone: 'UTC', language: 'en' };
  assert.equal((await owner.ask(`${url}/setup`, { form: setup })).status, 303);
  const sso = { name: 'Northwind ID', issuer: provider.issuer, client_id: 'hindcast', client_secret: 'a secret of two' };
  const unsafe = await owner.ask(`${url}/settings/sign-in/provider`, { form: { ...sso, issuer: 'http://id.example.com', act: 'save' } });
  assert.equal(unsafe.status, 422, 'a provider without HTTPS is refused');
  const saved = await owner.ask(`${url}/settings/sign-in/provider`, { form: { ...sso, act: 'save' } });
  assert.equal(saved.status, 303, await saved.text());
  const page = await (await owner.ask(`${url}/settings/sign-in`)).text();
  assert.ok(!page.includes('a secret of two'), 'the secret is never shown');
  assert.match(await (await new Browser().ask(`${url}/login`)).text(), /Sign in with Northwind ID/);

  const invite = { email: 'invited@northwind.example', role: 'auditor' };
  assert.equal((await owner.ask(`${url}/settings/people`, { form: invite })).status, 200);
  const invited = new Browser();
  let arrived = await signIn(invited, url, 'invited');
  assert.equal(new URL(arrived.url).pathname, '/log', arrived.text.slice(0, 400));
  assert.match(arrived.text, /Ines Invited/);
  console.log('ok: whoever was invited comes in through the provider');

  assert.equal((await invited.ask(`${url}/logout`, { form: {} })).status, 303);
  arrived = await signIn(invited, url, 'invited');
  assert.equal(new URL(arrived.url).pathname, '/log');
  console.log('ok: and again, known by the subject');

  for (const account of ['stranger', 'liar']) {
    const browser = new Browser();
    const refused = await signIn(browser, url, account);
    assert.equal(new URL(refused.url).pathname, '/login', account);
    assert.match(refused.text, /did not work/);
    assert.equal((await browser.ask(`${url}/log`)).status, 303, `${account} is not in`);
  }
  console.log('ok: strangers, and addresses that were not verified, are refused');

  const planted = new Browser();
  await planted.ask(`${url}/auth/oidc?next=/log`);
  const forged = await planted.follow(`${url}/auth/oidc/callback?code=stolen&state=guessed`);
  assert.equal(new URL(forged.url).pathname, '/login');
  const bare = await new Browser().follow(`${url}/auth/oidc/callback?code=stolen&state=guessed`);
  assert.equal(new URL(bare.url).pathname, '/login');
  console.log('ok: whoever did not leave from here does not come back');

  // Somebody else may have made an account under an address, so its password is asked for before a provider opens it.
  const known = new Browser();
  arrived = await signIn(known, url, 'known');
  assert.equal(new URL(arrived.url).pathname, '/login');
  assert.match(arrived.text, /There is an account with this address already/);
  assert.equal((await known.ask(`${url}/log`)).status, 303, 'and is not in');
  assert.equal((await new Browser().ask(`${url}/auth/oidc?connect=on`)).status, 303, 'nobody connects who is not in');
  arrived = await signIn(owner, url, 'known', 'connect=on');
  assert.equal(new URL(arrived.url).pathname, '/settings/preferences', arrived.text.slice(0, 400));
  assert.match(arrived.text, /Northwind ID vouches for you/);
  arrived = await signIn(known, url, 'known');
  assert.equal(new URL(arrived.url).pathname, '/log');
  console.log('ok: an account with a password is connected by whoever knows it');

  const elsewhere = { ...sso, client_secret: '', issuer: 'http://127.0.0.1:1', act: 'save' };
  const sent = await owner.ask(`${url}/settings/sign-in/provider`, { form: elsewhere });
  assert.equal(sent.status, 422);
  assert.match(await sent.text(), /Type the client secret again/);
  console.log('ok: the secret does not follow to another issuer');

  const removed = await owner.ask(`${url}/settings/sign-in/provider`, { form: { ...sso, act: 'remove' } });
  assert.equal(removed.status, 303);
  assert.ok(!/Sign in with Northwind ID/.test(await (await new Browser().ask(`${url}/login`)).text()));
  console.log('ok: without a provider there is no button');
} finally {
  server?.child.removeAllListeners('exit');
  server?.child.kill('SIGTERM');
  provider.server.close();
  setTimeout(() => { rmSync(folder, { recursive: true, force: true }); process.exit(); }, 1500);
}
