import { describe, expect, it } from 'vitest';
import { canIDeploy, matrix } from './can-i-deploy.ts';
import { pactsToVerify } from './pacts-to-verify.ts';
import { ContractRecord, type Fact } from './record.ts';

type Service = 'shop' | 'ordering' | 'catalog' | 'payments';
type Build = `${Service} ${string}`;

/** A history that is told step by step, on a day that gets later. */
class History {
  readonly #facts: Fact[] = [];
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
    return new ContractRecord(this.#facts);
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

  put(
    type: 'Deployed' | 'Undeployed' | 'Released' | 'SupportEnded',
    build: Build,
    ...to: string[]
  ) {
    const [pacticipant, version] = split(build);
    for (const environment of to) this.#add({ type, pacticipant, version, environment });
  }

  /** 'yes', or who stands in the way. */
  ask(build: Build, environment: string): string {
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

  #add(fact: Record<string, unknown> & { type: Fact['type'] }): void {
    this.#minute += 1;
    this.#facts.push({ ...fact, at: this.now } as Fact);
  }
}

const split = (build: Build) => build.split(' ') as [Service, string];

describe('can-i-deploy, through thirty releases of four services over three environments,', () => {
  const world = new History('test', 'staging', 'production');
  const everywhere = ['test', 'staging', 'production'];
  const asked = (build: Build) =>
    everywhere.map((environment) => world.ask(build, environment)).join(' | ');

  it('lets providers go first, and a consumer only to them', () => {
    world.build('ordering 1', { catalog: 'ordering c1', payments: 'ordering p1' });
    expect(world.ask('ordering 1', 'test')).toBe(
      'ordering 1 > catalog –: absent, ordering 1 > payments –: absent',
    );
    world.build('catalog 1');
    expect(asked('catalog 1')).toBe('yes | yes | yes');
    world.put('Deployed', 'catalog 1', ...everywhere);
    world.build('payments 1');
    world.put('Deployed', 'payments 1', ...everywhere);
    expect(world.ask('ordering 1', 'test')).toBe(
      'ordering 1 > catalog 1: unverified, ordering 1 > payments 1: unverified',
    );
    world.verified('catalog 1', { 'ordering c1': true });
    world.verified('payments 1', { 'ordering p1': false });
    expect(world.ask('ordering 1', 'test')).toBe('ordering 1 > payments 1: failed');
    world.verified('payments 1', { 'ordering p1': true }); // the test was wrong: the last word counts
    expect(asked('ordering 1')).toBe('yes | yes | yes');
    world.put('Deployed', 'ordering 1', ...everywhere);
  });

  it('asks a consumer for its own providers only', () => {
    world.build('shop 1', { catalog: 'shop c1', ordering: 'shop o1' });
    world.verified('catalog 1', { 'shop c1': true });
    world.verified('ordering 1', { 'shop o1': true });
    expect(asked('shop 1')).toBe('yes | yes | yes');
    world.put('Deployed', 'shop 1', 'test', 'staging');
  });

  it('binds a provider to those who are there, in each environment', () => {
    world.build('catalog 2'); // renames a field that the shop reads
    world.verified('catalog 2', { 'ordering c1': true, 'shop c1': false });
    expect(asked('catalog 2')).toBe(
      'shop 1 > catalog 2: failed | shop 1 > catalog 2: failed | yes',
    );
    world.build('catalog 3'); // has both
    world.verified('catalog 3', { 'ordering c1': true, 'shop c1': true });
    expect(asked('catalog 3')).toBe('yes | yes | yes');
    world.put('Deployed', 'catalog 3', 'test');
    world.build('shop 2', { catalog: 'shop c2', ordering: 'shop o1' }); // reads the new one
    world.verified('catalog 3', { 'shop c2': true });
    world.verified('catalog 1', { 'shop c2': false });
    expect(asked('shop 2')).toBe('yes | shop 2 > catalog 1: failed | shop 2 > catalog 1: failed');
    world.put('Deployed', 'shop 2', 'test');
    world.put('Deployed', 'catalog 3', 'staging', 'production');
    expect(asked('shop 2')).toBe('yes | yes | yes');
    world.put('Deployed', 'shop 2', 'staging');
    world.verified('catalog 2', { 'shop c2': true });
    expect(asked('catalog 2')).toBe('yes | yes | yes'); // contracted: nobody reads the old one
  });

  it('knows a pact again by what it says, whoever publishes it', () => {
    world.build('ordering 2', { catalog: 'ordering c1', payments: 'ordering p1' });
    expect(asked('ordering 2')).toBe(
      'shop 2 > ordering 2: unverified | shop 2 > ordering 2: unverified | yes',
    );
    world.verified('ordering 2', { 'shop o1': true });
    expect(asked('ordering 2')).toBe('yes | yes | yes');
    world.put('Deployed', 'ordering 2', 'test', 'staging');
    world.build('shop 3', { catalog: 'shop c2', ordering: 'shop o1' });
    expect(asked('shop 3')).toBe('yes | yes | yes');
    world.put('Deployed', 'shop 3', 'test', 'staging');
  });

  it('holds a consumer back until its provider has what it asks for', () => {
    world.build('ordering 3', { catalog: 'ordering c1', payments: 'ordering p2' });
    world.verified('ordering 3', { 'shop o1': true });
    world.verified('payments 1', { 'ordering p2': false });
    expect(asked('ordering 3')).toBe(
      'ordering 3 > payments 1: failed | ordering 3 > payments 1: failed | ordering 3 > payments 1: failed',
    );
    world.build('payments 2');
    world.verified('payments 2', { 'ordering p1': true, 'ordering p2': true });
    world.put('Deployed', 'payments 2', 'test');
    expect(asked('ordering 3')).toBe(
      'yes | ordering 3 > payments 1: failed | ordering 3 > payments 1: failed',
    );
    world.put('Deployed', 'ordering 3', 'test');
    world.build('payments 3'); // drops what ordering 2 needs
    world.verified('payments 3', { 'ordering p1': false, 'ordering p2': true });
    expect(asked('payments 3')).toBe(
      'yes | ordering 2 > payments 3: failed | ordering 1 > payments 3: failed',
    );
    world.put('Deployed', 'payments 2', 'staging', 'production');
    expect(asked('ordering 3')).toBe('yes | yes | yes');
    world.put('Deployed', 'ordering 3', 'staging', 'production');
    expect(asked('payments 3')).toBe('yes | yes | yes');
    world.put('Deployed', 'payments 3', ...everywhere);
  });

  it('binds a provider to every release that is still in use', () => {
    world.verified('ordering 3', { 'shop o1': true });
    world.put('Released', 'shop 2', 'production');
    world.put('Released', 'shop 3', 'production');
    world.build('ordering 4', { catalog: 'ordering c1', payments: 'ordering p2' });
    world.verified('ordering 4', { 'shop o1': false, 'shop o2': true });
    world.build('shop 4', { catalog: 'shop c2', ordering: 'shop o2' });
    world.verified('ordering 3', { 'shop o2': true });
    expect(world.ask('shop 4', 'production')).toBe('yes');
    world.put('Released', 'shop 4', 'production');
    expect(world.ask('ordering 4', 'production')).toBe(
      'shop 2 > ordering 4: failed, shop 3 > ordering 4: failed',
    );
    world.put('SupportEnded', 'shop 2', 'production');
    expect(world.ask('ordering 4', 'production')).toBe('shop 3 > ordering 4: failed');
    world.put('SupportEnded', 'shop 3', 'production');
    expect(world.ask('ordering 4', 'production')).toBe('yes');
    world.put('Deployed', 'ordering 4', 'production');
    expect(world.ask('ordering 4', 'test')).toBe('shop 3 > ordering 4: failed');
  });

  it('frees a provider when its last consumer has gone', () => {
    world.put('Undeployed', 'shop 3', 'test');
    expect(world.ask('ordering 4', 'test')).toBe('yes');
    world.put('Undeployed', 'shop 2', 'staging'); // it is not there any more: changes nothing
    expect(world.ask('ordering 4', 'staging')).toBe('shop 3 > ordering 4: failed');
    world.put('Deployed', 'ordering 4', 'test');
  });

  it('goes on like that for many builds that change nothing', () => {
    for (let n = 5; n <= 14; n++) {
      world.build(`ordering ${n}`, { catalog: 'ordering c1', payments: 'ordering p2' });
      expect(world.ask(`ordering ${n}`, 'production')).toBe(`shop 4 > ordering ${n}: unverified`);
      world.verified(`ordering ${n}`, { 'shop o2': true });
      expect(world.ask(`ordering ${n}`, 'production')).toBe('yes');
      world.put('Deployed', `ordering ${n}`, 'production');
    }
    for (let n = 4; n <= 9; n++) {
      world.build(`catalog ${n}`);
      world.verified(`catalog ${n}`, { 'ordering c1': true, 'shop c2': n % 2 === 0 });
      expect(world.ask(`catalog ${n}`, 'production')).toBe(
        n % 2 === 0 ? 'yes' : `shop 4 > catalog ${n}: failed`,
      );
    }
    const builds = world.record.pacticipants.flatMap((each) => world.record.versions(each));
    expect(builds.length).toBeGreaterThanOrEqual(30);
  });

  it('says what it does not know, and what to try', () => {
    const about = (pacticipant: string, version: string, environment: string) => () =>
      canIDeploy(world.record, { together: [{ pacticipant, version }], environment });
    expect(about('ordring', '1', 'test')).toThrow(/Did you mean "ordering"/);
    expect(about('ordering', '99', 'test')).toThrow(/no version 99 of ordering \(the last: 14\)/);
    expect(about('ordering', '1', 'stagin')).toThrow(/Did you mean "staging"/);
    const nothing = new ContractRecord([]);
    const early = { together: [{ pacticipant: 'ordering', version: '1' }], environment: 'test' };
    expect(() => canIDeploy(nothing, early)).toThrow(/nobody has published/);
    const nobody = { together: [], environment: 'test' };
    expect(() => canIDeploy(nothing, nobody)).toThrow(/nobody has published/);
  });

  it('explains the first deployment', () => {
    const first = new History('production');
    first.build('catalog 1');
    const environment = 'production';
    const alone = { together: [{ pacticipant: 'catalog', version: '1' }], environment };
    expect(canIDeploy(first.record, alone).reasons[0]).toMatch(/stands alone/);
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
    const ask = (...together: (typeof ordering)[]) =>
      canIDeploy(pair.record, { together, environment: 'production' });
    expect(ask(ordering).reasons[0]).toMatch(/need each other: ask for both/);
    expect(ask(ordering, payments).reasons).toEqual([
      expect.stringMatching(/Nobody has verified payments 1 and ordering 1/),
    ]);
    pair.verified('payments 1', { 'ordering p1': true });
    expect(ask(ordering, payments)).toMatchObject({ deployable: true, rows: { length: 2 } });
    expect(ask(payments).deployable).toBe(false);
  });

  it('shows every pair, the newest first', () => {
    const rows = matrix(world.record, 'payments');
    expect(rows[0]).toMatchObject({
      consumer: 'ordering',
      consumerVersion: '14',
      provider: 'payments',
    });
    expect(rows.filter(({ verdict }) => verdict === 'failed').length).toBeGreaterThan(0);
  });
});

describe('which pacts a provider is to verify', () => {
  const world = new History('production');
  world.build('catalog 1');
  world.build('shop 1', { catalog: 'shop c1' });
  world.verified('catalog 1', { 'shop c1': true });
  world.put('Deployed', 'shop 1', 'production');
  world.build('shop 2', { catalog: 'shop c2' });
  const before = world.now;
  world.build('shop 3', { catalog: 'shop c3' }, 'wishlist');
  const select = (includeWipSince?: string) =>
    pactsToVerify(world.record, {
      provider: 'catalog',
      providerBranch: 'main',
      mainBranch: 'main',
      ...(includeWipSince && { includeWipSince }),
    }).map(({ pact, because, pending, wip }) => ({ pact, because, pending, wip }));

  it('is the latest of main, pending as long as nobody has kept it, and what is deployed', () =>
    expect(select()).toEqual([
      { pact: 'shop c2', because: 'the latest of main', pending: true, wip: false },
      { pact: 'shop c1', because: 'it is in production', pending: false, wip: false },
    ]));
  it('and work in progress since a date, until it was kept', () => {
    const wip = {
      pact: 'shop c3',
      because: 'work in progress on wishlist',
      pending: true,
      wip: true,
    };
    expect(select(before)).toContainEqual(wip);
    expect(select('2031-01-01T00:00:00.000Z')).not.toContainEqual(wip);
    world.verified('catalog 1', { 'shop c3': true });
    expect(select(before)).not.toContainEqual(wip);
  });
});
