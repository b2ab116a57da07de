import assert from 'node:assert/strict';
import { after, afterEach, before, describe } from 'node:test';
import { startGateway } from '../../../compatibility/helpers/gateway.mjs';
import { skip, startChromium } from './chromium.mjs';

/** The options of a page on a phone. */
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** Something that a person waits for has gone wrong after this time. */
const TIMEOUT_MS = 15_000;

/**
 * Describes tests of pages that a gateway with a fresh demo serves. A test also fails if one of its pages writes an error to its console,
 * such as a violation of the content security policy, or sends a request to another origin.
 *
 * @param {(session: Session) => void} define
 * @param {Record<string, string>} variables of the gateway
 */
export function describePages(name, define, variables = {}) {
  describe(name, { skip }, () => {
    const session = new Session();
    before(() => session.start(variables));
    afterEach(() => session.closePages());
    after(() => session.stop());
    define(session);
  });
}

/** A gateway with a demo, and a browser. */
export class Session {
  #pages = [];
  #problems = [];

  async start(variables) {
    // The pages of all tests come from one address.
    this.gateway = await startGateway({ RATE_LIMIT: 'off', ...variables });
    this.demo = this.gateway.demo;
    this.browser = await startChromium();
  }

  async stop() {
    await this.browser?.close();
    await this.gateway?.stop();
  }

  /** Opens a path of the gateway in a window with cookies and storage of its own. */
  async open(path, options = {}) {
    const page = await this.browser.newPage({ baseURL: this.gateway.origin, locale: 'en', ...options });
    page.setDefaultTimeout(TIMEOUT_MS);
    this.#pages.push(page);
    this.#watch(page);
    await page.goto(path);
    return page;
  }

  /** Closes the pages of a test, and fails if something was wrong with them. */
  async closePages() {
    await Promise.all(this.#pages.splice(0).map((page) => page.close()));
    assert.deepEqual(this.#problems.splice(0), []);
  }

  /** Sends a GraphQL operation with the demo's key, or with other headers. */
  async graphql(query, variables, headers = this.gateway.headers) {
    const body = JSON.stringify({ query, variables });
    const reply = await fetch(this.gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const { data, errors } = await reply.json();
    assert.equal(errors, undefined, JSON.stringify(errors));
    return data;
  }

  #watch(page) {
    page.on('pageerror', (error) => this.#problems.push(String(error)));
    page.on('console', (message) => {
      // Chromium writes this line for each refused or interrupted request. What the person sees of it is for the test.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource:')) this.#problems.push(message.text());
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== this.gateway.origin) this.#problems.push(`a request to ${origin}`);
    });
  }
}
