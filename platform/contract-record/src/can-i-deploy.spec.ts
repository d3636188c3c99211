import { describe, expect, it } from 'vitest';
import { canIDeploy, matrix } from './can-i-deploy.ts';
import { pactsToVerify } from './pacts-to-verify.ts';
import { ContractRecord, type RecordEntry } from './record.ts';

type Service = 'reader' | 'lending' | 'books' | 'fees';
type Build = `${Service} ${string}`;

/** Builds a record step by step; each entry is a minute later than the one before. */
class History {
  readonly #entries: RecordEntry[] = [];
  #minute = 0;

  constructor(...environments: string[]) {
    for (const environment of environments)
      this.#add({
        type: 'EnvironmentCreated',
        environment,
        production: environment === 'production',
      });
  }

  get record(): ContractRecord {
    return new ContractRecord(this.#entries);
  }

  get now(): string {
    return new Date(Date.UTC(2030, 0, 1, 0, this.#minute)).toISOString();
  }

  /** @param expects provider → fingerprint of the pact */
  build(build: Build, expects: Partial<Record<Service, string>> = {}, branch = 'main'): void {
    const [pacticipant, version] = split(build);
    this.#add({ type: 'VersionPublished', pacticipant, version, branch });
    for (const [provider, pact] of Object.entries(expects))
      this.#add({
        type: 'PactPublished',
        consumer: pacticipant,
        consumerVersion: version,
        provider,
        pact,
      });
  }

  /** Adds the results of verifying these pacts against a provider's build. */
  verified(build: Build, pacts: Readonly<Record<string, boolean>>): void {
    const [provider, providerVersion] = split(build);
    for (const [pact, success] of Object.entries(pacts)) {
      const consumer = pact.split(' ')[0]!;
      this.#add({ type: 'PactVerified', provider, providerVersion, consumer, pact, success });
    }
  }

  deploy(
    type: 'Deployed' | 'Undeployed' | 'Released' | 'SupportEnded',
    build: Build,
    ...to: string[]
  ) {
    const [pacticipant, version] = split(build);
    for (const environment of to) this.#add({ type, pacticipant, version, environment });
  }

  /** 'yes', or who stands in the way. */
  check(build: Build, environment: string): string {
    const [pacticipant, version] = split(build);
    const { deployable, rows } = canIDeploy(this.record, {
      together: [{ pacticipant, version }],
      environment,
    });
    const against = rows.filter(({ verdict }) => verdict !== 'verified');
    expect(deployable).toBe(against.length === 0);
    if (deployable) return 'yes';
    return against
      .map(
        (row) =>
          `${row.consumer} ${row.consumerVersion} > ${row.provider} ${row.providerVersion ?? '–'}: ${row.verdict}`,
      )
      .join(', ');
  }

  #add(entry: Record<string, unknown> & { type: RecordEntry['type'] }): void {
    this.#minute += 1;
    this.#entries.push({ ...entry, at: this.now } as RecordEntry);
  }
}

const split = (build: Build) => build.split(' ') as [Service, string];

describe('can-i-deploy, through thirty releases of four services over three environments,', () => {
  const history = new History('test', 'staging', 'production');
  const everywhere = ['test', 'staging', 'production'];
  const checkAll = (build: Build) =>
    everywhere.map((environment) => history.check(build, environment)).join(' | ');

  it('allows a provider first, and a consumer only after its provider', () => {
    history.build('lending 1', { books: 'lending c1', fees: 'lending p1' });
    expect(history.check('lending 1', 'test')).toBe(
      'lending 1 > books –: absent, lending 1 > fees –: absent',
    );
    history.build('books 1');
    expect(checkAll('books 1')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'books 1', ...everywhere);
    history.build('fees 1');
    history.deploy('Deployed', 'fees 1', ...everywhere);
    expect(history.check('lending 1', 'test')).toBe(
      'lending 1 > books 1: unverified, lending 1 > fees 1: unverified',
    );
    history.verified('books 1', { 'lending c1': true });
    history.verified('fees 1', { 'lending p1': false });
    expect(history.check('lending 1', 'test')).toBe('lending 1 > fees 1: failed');
    history.verified('fees 1', { 'lending p1': true }); // the test was wrong: the latest result counts
    expect(checkAll('lending 1')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'lending 1', ...everywhere);
  });

  it('checks a consumer against its own providers only', () => {
    history.build('reader 1', { books: 'reader c1', lending: 'reader o1' });
    history.verified('books 1', { 'reader c1': true });
    history.verified('lending 1', { 'reader o1': true });
    expect(checkAll('reader 1')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'reader 1', 'test', 'staging');
  });

  it('checks a provider against the consumers deployed in each environment', () => {
    history.build('books 2'); // renames a field that the reader reads
    history.verified('books 2', { 'lending c1': true, 'reader c1': false });
    expect(checkAll('books 2')).toBe(
      'reader 1 > books 2: failed | reader 1 > books 2: failed | yes',
    );
    history.build('books 3'); // has both
    history.verified('books 3', { 'lending c1': true, 'reader c1': true });
    expect(checkAll('books 3')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'books 3', 'test');
    history.build('reader 2', { books: 'reader c2', lending: 'reader o1' }); // reads the new one
    history.verified('books 3', { 'reader c2': true });
    history.verified('books 1', { 'reader c2': false });
    expect(checkAll('reader 2')).toBe(
      'yes | reader 2 > books 1: failed | reader 2 > books 1: failed',
    );
    history.deploy('Deployed', 'reader 2', 'test');
    history.deploy('Deployed', 'books 3', 'staging', 'production');
    expect(checkAll('reader 2')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'reader 2', 'staging');
    history.verified('books 2', { 'reader c2': true });
    expect(checkAll('books 2')).toBe('yes | yes | yes'); // contracted: no deployed consumer reads the old one
  });

  it('identifies a pact by its content, independent of the version that publishes it', () => {
    history.build('lending 2', { books: 'lending c1', fees: 'lending p1' });
    expect(checkAll('lending 2')).toBe(
      'reader 2 > lending 2: unverified | reader 2 > lending 2: unverified | yes',
    );
    history.verified('lending 2', { 'reader o1': true });
    expect(checkAll('lending 2')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'lending 2', 'test', 'staging');
    history.build('reader 3', { books: 'reader c2', lending: 'reader o1' });
    expect(checkAll('reader 3')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'reader 3', 'test', 'staging');
  });

  it('blocks a consumer until its provider has verified the pact', () => {
    history.build('lending 3', { books: 'lending c1', fees: 'lending p2' });
    history.verified('lending 3', { 'reader o1': true });
    history.verified('fees 1', { 'lending p2': false });
    expect(checkAll('lending 3')).toBe(
      'lending 3 > fees 1: failed | lending 3 > fees 1: failed | lending 3 > fees 1: failed',
    );
    history.build('fees 2');
    history.verified('fees 2', { 'lending p1': true, 'lending p2': true });
    history.deploy('Deployed', 'fees 2', 'test');
    expect(checkAll('lending 3')).toBe(
      'yes | lending 3 > fees 1: failed | lending 3 > fees 1: failed',
    );
    history.deploy('Deployed', 'lending 3', 'test');
    history.build('fees 3'); // drops what lending 2 needs
    history.verified('fees 3', { 'lending p1': false, 'lending p2': true });
    expect(checkAll('fees 3')).toBe(
      'yes | lending 2 > fees 3: failed | lending 1 > fees 3: failed',
    );
    history.deploy('Deployed', 'fees 2', 'staging', 'production');
    expect(checkAll('lending 3')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'lending 3', 'staging', 'production');
    expect(checkAll('fees 3')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'fees 3', ...everywhere);
  });

  it('checks a provider against every release that is still supported', () => {
    history.verified('lending 3', { 'reader o1': true });
    history.deploy('Released', 'reader 2', 'production');
    history.deploy('Released', 'reader 3', 'production');
    history.build('lending 4', { books: 'lending c1', fees: 'lending p2' });
    history.verified('lending 4', { 'reader o1': false, 'reader o2': true });
    history.build('reader 4', { books: 'reader c2', lending: 'reader o2' });
    history.verified('lending 3', { 'reader o2': true });
    expect(history.check('reader 4', 'production')).toBe('yes');
    history.deploy('Released', 'reader 4', 'production');
    expect(history.check('lending 4', 'production')).toBe(
      'reader 2 > lending 4: failed, reader 3 > lending 4: failed',
    );
    history.deploy('SupportEnded', 'reader 2', 'production');
    expect(history.check('lending 4', 'production')).toBe('reader 3 > lending 4: failed');
    history.deploy('SupportEnded', 'reader 3', 'production');
    expect(history.check('lending 4', 'production')).toBe('yes');
    history.deploy('Deployed', 'lending 4', 'production');
    expect(history.check('lending 4', 'test')).toBe('reader 3 > lending 4: failed');
  });

  it('allows a provider to change when its last consumer is undeployed', () => {
    history.deploy('Undeployed', 'reader 3', 'test');
    expect(history.check('lending 4', 'test')).toBe('yes');
    history.deploy('Undeployed', 'reader 2', 'staging'); // it is no longer deployed: changes nothing
    expect(history.check('lending 4', 'staging')).toBe('reader 3 > lending 4: failed');
    history.deploy('Deployed', 'lending 4', 'test');
  });

  it('allows many builds that change no pact', () => {
    for (let n = 5; n <= 14; n++) {
      history.build(`lending ${n}`, { books: 'lending c1', fees: 'lending p2' });
      expect(history.check(`lending ${n}`, 'production')).toBe(
        `reader 4 > lending ${n}: unverified`,
      );
      history.verified(`lending ${n}`, { 'reader o2': true });
      expect(history.check(`lending ${n}`, 'production')).toBe('yes');
      history.deploy('Deployed', `lending ${n}`, 'production');
    }
    for (let n = 4; n <= 9; n++) {
      history.build(`books ${n}`);
      history.verified(`books ${n}`, { 'lending c1': true, 'reader c2': n % 2 === 0 });
      expect(history.check(`books ${n}`, 'production')).toBe(
        n % 2 === 0 ? 'yes' : `reader 4 > books ${n}: failed`,
      );
    }
    const builds = history.record.pacticipants.flatMap((each) => history.record.versions(each));
    expect(builds.length).toBeGreaterThanOrEqual(30);
  });

  it('reports unknown names and versions, with a suggestion', () => {
    const about = (pacticipant: string, version: string, environment: string) => () =>
      canIDeploy(history.record, { together: [{ pacticipant, version }], environment });
    expect(about('lendng', '1', 'test')).toThrow(/Did you mean "lending"/);
    expect(about('lending', '99', 'test')).toThrow(/no version 99 of lending \(the latest: 14\)/);
    expect(about('lending', '1', 'stagin')).toThrow(/Did you mean "staging"/);
    const nothing = new ContractRecord([]);
    const early = { together: [{ pacticipant: 'lending', version: '1' }], environment: 'test' };
    expect(() => canIDeploy(nothing, early)).toThrow(/no version has been published/);
    const emptyHistory = { together: [], environment: 'test' };
    expect(() => canIDeploy(nothing, emptyHistory)).toThrow(/no version has been published/);
  });

  it('explains the first deployment', () => {
    const first = new History('production');
    first.build('books 1');
    const environment = 'production';
    const single = { together: [{ pacticipant: 'books', version: '1' }], environment };
    expect(canIDeploy(first.record, single).reasons[0]).toMatch(/no pacts with the versions in/);
    first.build('reader 1', { books: 'reader c1' });
    const early = { together: [{ pacticipant: 'reader', version: '1' }], environment };
    expect(canIDeploy(first.record, early).reasons[0]).toMatch(/Deploy books first/);
  });

  it('allows two that need each other together, and neither alone', () => {
    const pair = new History('production');
    pair.build('lending 1', { fees: 'lending p1' });
    pair.build('fees 1', { lending: 'fees o1' });
    pair.verified('lending 1', { 'fees o1': true });
    const lending = { pacticipant: 'lending', version: '1' };
    const fees = { pacticipant: 'fees', version: '1' };
    const check = (...together: (typeof lending)[]) =>
      canIDeploy(pair.record, { together, environment: 'production' });
    expect(check(lending).reasons[0]).toMatch(/need each other: check both/);
    expect(check(lending, fees).reasons).toEqual([
      expect.stringMatching(/pact between fees 1 and lending 1 has not been verified/),
    ]);
    pair.verified('fees 1', { 'lending p1': true });
    expect(check(lending, fees)).toMatchObject({ deployable: true, rows: { length: 2 } });
    expect(check(fees).deployable).toBe(false);
  });

  it('returns every pair, the newest first', () => {
    const rows = matrix(history.record, 'fees');
    expect(rows[0]).toMatchObject({
      consumer: 'lending',
      consumerVersion: '14',
      provider: 'fees',
    });
    expect(rows.filter(({ verdict }) => verdict === 'failed').length).toBeGreaterThan(0);
  });
});

describe('the pacts that a provider has to verify', () => {
  const history = new History('production');
  history.build('books 1');
  history.build('reader 1', { books: 'reader c1' });
  history.verified('books 1', { 'reader c1': true });
  history.deploy('Deployed', 'reader 1', 'production');
  history.build('reader 2', { books: 'reader c2' });
  const before = history.now;
  history.build('reader 3', { books: 'reader c3' }, 'wishlist');
  const select = (includeWipSince?: string) =>
    pactsToVerify(history.record, {
      provider: 'books',
      providerBranch: 'main',
      mainBranch: 'main',
      ...(includeWipSince && { includeWipSince }),
    }).map(({ pact, reason, pending, wip }) => ({ pact, reason, pending, wip }));

  it('are the latest of main, pending until verified, and those deployed', () =>
    expect(select()).toEqual([
      { pact: 'reader c2', reason: 'the latest of main', pending: true, wip: false },
      { pact: 'reader c1', reason: 'it is in production', pending: false, wip: false },
    ]));
  it('include work in progress since a date, until it is verified', () => {
    const wip = {
      pact: 'reader c3',
      reason: 'work in progress on wishlist',
      pending: true,
      wip: true,
    };
    expect(select(before)).toContainEqual(wip);
    expect(select('2031-01-01T00:00:00.000Z')).not.toContainEqual(wip);
    history.verified('books 1', { 'reader c3': true });
    expect(select(before)).not.toContainEqual(wip);
  });
});
