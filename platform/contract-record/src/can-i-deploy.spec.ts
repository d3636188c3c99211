import { describe, expect, it } from 'vitest';
import { canIDeploy, matrix } from './can-i-deploy.ts';
import { pactsToVerify } from './pacts-to-verify.ts';
import { ContractRecord, type RecordEntry } from './record.ts';

type Service = 'shop' | 'ordering' | 'catalog' | 'payments';
type Build = `${Service} ${string}`;

/** A history that is told step by step, on a day that gets later. */
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

  /** A build of a provider keeps, or breaks, what these pacts say. */
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

  it('lets providers go first, and a consumer only to them', () => {
    history.build('ordering 1', { catalog: 'ordering c1', payments: 'ordering p1' });
    expect(history.check('ordering 1', 'test')).toBe(
      'ordering 1 > catalog –: absent, ordering 1 > payments –: absent',
    );
    history.build('catalog 1');
    expect(checkAll('catalog 1')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'catalog 1', ...everywhere);
    history.build('payments 1');
    history.deploy('Deployed', 'payments 1', ...everywhere);
    expect(history.check('ordering 1', 'test')).toBe(
      'ordering 1 > catalog 1: unverified, ordering 1 > payments 1: unverified',
    );
    history.verified('catalog 1', { 'ordering c1': true });
    history.verified('payments 1', { 'ordering p1': false });
    expect(history.check('ordering 1', 'test')).toBe('ordering 1 > payments 1: failed');
    history.verified('payments 1', { 'ordering p1': true }); // the test was wrong: the last word counts
    expect(checkAll('ordering 1')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'ordering 1', ...everywhere);
  });

  it('asks a consumer for its own providers only', () => {
    history.build('shop 1', { catalog: 'shop c1', ordering: 'shop o1' });
    history.verified('catalog 1', { 'shop c1': true });
    history.verified('ordering 1', { 'shop o1': true });
    expect(checkAll('shop 1')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'shop 1', 'test', 'staging');
  });

  it('binds a provider to those who are there, in each environment', () => {
    history.build('catalog 2'); // renames a field that the shop reads
    history.verified('catalog 2', { 'ordering c1': true, 'shop c1': false });
    expect(checkAll('catalog 2')).toBe(
      'shop 1 > catalog 2: failed | shop 1 > catalog 2: failed | yes',
    );
    history.build('catalog 3'); // has both
    history.verified('catalog 3', { 'ordering c1': true, 'shop c1': true });
    expect(checkAll('catalog 3')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'catalog 3', 'test');
    history.build('shop 2', { catalog: 'shop c2', ordering: 'shop o1' }); // reads the new one
    history.verified('catalog 3', { 'shop c2': true });
    history.verified('catalog 1', { 'shop c2': false });
    expect(checkAll('shop 2')).toBe(
      'yes | shop 2 > catalog 1: failed | shop 2 > catalog 1: failed',
    );
    history.deploy('Deployed', 'shop 2', 'test');
    history.deploy('Deployed', 'catalog 3', 'staging', 'production');
    expect(checkAll('shop 2')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'shop 2', 'staging');
    history.verified('catalog 2', { 'shop c2': true });
    expect(checkAll('catalog 2')).toBe('yes | yes | yes'); // contracted: nobody reads the old one
  });

  it('knows a pact again by what it says, whoever publishes it', () => {
    history.build('ordering 2', { catalog: 'ordering c1', payments: 'ordering p1' });
    expect(checkAll('ordering 2')).toBe(
      'shop 2 > ordering 2: unverified | shop 2 > ordering 2: unverified | yes',
    );
    history.verified('ordering 2', { 'shop o1': true });
    expect(checkAll('ordering 2')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'ordering 2', 'test', 'staging');
    history.build('shop 3', { catalog: 'shop c2', ordering: 'shop o1' });
    expect(checkAll('shop 3')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'shop 3', 'test', 'staging');
  });

  it('holds a consumer back until its provider has what it asks for', () => {
    history.build('ordering 3', { catalog: 'ordering c1', payments: 'ordering p2' });
    history.verified('ordering 3', { 'shop o1': true });
    history.verified('payments 1', { 'ordering p2': false });
    expect(checkAll('ordering 3')).toBe(
      'ordering 3 > payments 1: failed | ordering 3 > payments 1: failed | ordering 3 > payments 1: failed',
    );
    history.build('payments 2');
    history.verified('payments 2', { 'ordering p1': true, 'ordering p2': true });
    history.deploy('Deployed', 'payments 2', 'test');
    expect(checkAll('ordering 3')).toBe(
      'yes | ordering 3 > payments 1: failed | ordering 3 > payments 1: failed',
    );
    history.deploy('Deployed', 'ordering 3', 'test');
    history.build('payments 3'); // drops what ordering 2 needs
    history.verified('payments 3', { 'ordering p1': false, 'ordering p2': true });
    expect(checkAll('payments 3')).toBe(
      'yes | ordering 2 > payments 3: failed | ordering 1 > payments 3: failed',
    );
    history.deploy('Deployed', 'payments 2', 'staging', 'production');
    expect(checkAll('ordering 3')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'ordering 3', 'staging', 'production');
    expect(checkAll('payments 3')).toBe('yes | yes | yes');
    history.deploy('Deployed', 'payments 3', ...everywhere);
  });

  it('binds a provider to every release that is still in use', () => {
    history.verified('ordering 3', { 'shop o1': true });
    history.deploy('Released', 'shop 2', 'production');
    history.deploy('Released', 'shop 3', 'production');
    history.build('ordering 4', { catalog: 'ordering c1', payments: 'ordering p2' });
    history.verified('ordering 4', { 'shop o1': false, 'shop o2': true });
    history.build('shop 4', { catalog: 'shop c2', ordering: 'shop o2' });
    history.verified('ordering 3', { 'shop o2': true });
    expect(history.check('shop 4', 'production')).toBe('yes');
    history.deploy('Released', 'shop 4', 'production');
    expect(history.check('ordering 4', 'production')).toBe(
      'shop 2 > ordering 4: failed, shop 3 > ordering 4: failed',
    );
    history.deploy('SupportEnded', 'shop 2', 'production');
    expect(history.check('ordering 4', 'production')).toBe('shop 3 > ordering 4: failed');
    history.deploy('SupportEnded', 'shop 3', 'production');
    expect(history.check('ordering 4', 'production')).toBe('yes');
    history.deploy('Deployed', 'ordering 4', 'production');
    expect(history.check('ordering 4', 'test')).toBe('shop 3 > ordering 4: failed');
  });

  it('frees a provider when its last consumer has gone', () => {
    history.deploy('Undeployed', 'shop 3', 'test');
    expect(history.check('ordering 4', 'test')).toBe('yes');
    history.deploy('Undeployed', 'shop 2', 'staging'); // it is not there any more: changes nothing
    expect(history.check('ordering 4', 'staging')).toBe('shop 3 > ordering 4: failed');
    history.deploy('Deployed', 'ordering 4', 'test');
  });

  it('goes on like that for many builds that change nothing', () => {
    for (let n = 5; n <= 14; n++) {
      history.build(`ordering ${n}`, { catalog: 'ordering c1', payments: 'ordering p2' });
      expect(history.check(`ordering ${n}`, 'production')).toBe(
        `shop 4 > ordering ${n}: unverified`,
      );
      history.verified(`ordering ${n}`, { 'shop o2': true });
      expect(history.check(`ordering ${n}`, 'production')).toBe('yes');
      history.deploy('Deployed', `ordering ${n}`, 'production');
    }
    for (let n = 4; n <= 9; n++) {
      history.build(`catalog ${n}`);
      history.verified(`catalog ${n}`, { 'ordering c1': true, 'shop c2': n % 2 === 0 });
      expect(history.check(`catalog ${n}`, 'production')).toBe(
        n % 2 === 0 ? 'yes' : `shop 4 > catalog ${n}: failed`,
      );
    }
    const builds = history.record.pacticipants.flatMap((each) => history.record.versions(each));
    expect(builds.length).toBeGreaterThanOrEqual(30);
  });

  it('says what it does not know, and what to try', () => {
    const about = (pacticipant: string, version: string, environment: string) => () =>
      canIDeploy(history.record, { together: [{ pacticipant, version }], environment });
    expect(about('ordring', '1', 'test')).toThrow(/Did you mean "ordering"/);
    expect(about('ordering', '99', 'test')).toThrow(/no version 99 of ordering \(the last: 14\)/);
    expect(about('ordering', '1', 'stagin')).toThrow(/Did you mean "staging"/);
    const nothing = new ContractRecord([]);
    const early = { together: [{ pacticipant: 'ordering', version: '1' }], environment: 'test' };
    expect(() => canIDeploy(nothing, early)).toThrow(/nobody has published/);
    const emptyHistory = { together: [], environment: 'test' };
    expect(() => canIDeploy(nothing, emptyHistory)).toThrow(/nobody has published/);
  });

  it('explains the first deployment', () => {
    const first = new History('production');
    first.build('catalog 1');
    const environment = 'production';
    const single = { together: [{ pacticipant: 'catalog', version: '1' }], environment };
    expect(canIDeploy(first.record, single).reasons[0]).toMatch(/stands alone/);
    first.build('shop 1', { catalog: 'shop c1' });
    const early = { together: [{ pacticipant: 'shop', version: '1' }], environment };
    expect(canIDeploy(first.record, early).reasons[0]).toMatch(/Deploy catalog first/);
  });

  it('lets two that need each other come together, and neither alone', () => {
    const pair = new History('production');
    pair.build('ordering 1', { payments: 'ordering p1' });
    pair.build('payments 1', { ordering: 'payments o1' });
    pair.verified('ordering 1', { 'payments o1': true });
    const ordering = { pacticipant: 'ordering', version: '1' };
    const payments = { pacticipant: 'payments', version: '1' };
    const check = (...together: (typeof ordering)[]) =>
      canIDeploy(pair.record, { together, environment: 'production' });
    expect(check(ordering).reasons[0]).toMatch(/need each other: ask for both/);
    expect(check(ordering, payments).reasons).toEqual([
      expect.stringMatching(/Nobody has verified payments 1 and ordering 1/),
    ]);
    pair.verified('payments 1', { 'ordering p1': true });
    expect(check(ordering, payments)).toMatchObject({ deployable: true, rows: { length: 2 } });
    expect(check(payments).deployable).toBe(false);
  });

  it('shows every pair, the newest first', () => {
    const rows = matrix(history.record, 'payments');
    expect(rows[0]).toMatchObject({
      consumer: 'ordering',
      consumerVersion: '14',
      provider: 'payments',
    });
    expect(rows.filter(({ verdict }) => verdict === 'failed').length).toBeGreaterThan(0);
  });
});

describe('which pacts a provider is to verify', () => {
  const history = new History('production');
  history.build('catalog 1');
  history.build('shop 1', { catalog: 'shop c1' });
  history.verified('catalog 1', { 'shop c1': true });
  history.deploy('Deployed', 'shop 1', 'production');
  history.build('shop 2', { catalog: 'shop c2' });
  const before = history.now;
  history.build('shop 3', { catalog: 'shop c3' }, 'wishlist');
  const select = (includeWipSince?: string) =>
    pactsToVerify(history.record, {
      provider: 'catalog',
      providerBranch: 'main',
      mainBranch: 'main',
      ...(includeWipSince && { includeWipSince }),
    }).map(({ pact, reason, pending, wip }) => ({ pact, reason, pending, wip }));

  it('is the latest of main, pending as long as nobody has kept it, and what is deployed', () =>
    expect(select()).toEqual([
      { pact: 'shop c2', reason: 'the latest of main', pending: true, wip: false },
      { pact: 'shop c1', reason: 'it is in production', pending: false, wip: false },
    ]));
  it('and work in progress since a date, until it was kept', () => {
    const wip = {
      pact: 'shop c3',
      reason: 'work in progress on wishlist',
      pending: true,
      wip: true,
    };
    expect(select(before)).toContainEqual(wip);
    expect(select('2031-01-01T00:00:00.000Z')).not.toContainEqual(wip);
    history.verified('catalog 1', { 'shop c3': true });
    expect(select(before)).not.toContainEqual(wip);
  });
});
