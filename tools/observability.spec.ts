import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { burnAlertOf, burnAlerts, runbookOf } from '@fieldguide/platform-model/slo';
import { system } from '@fieldguide/system';
import { metrics } from '@fieldguide/telemetry';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertNames, prometheusYaml, rulesYaml } from './generate/observability.ts';
import { liveFaults } from './prometheus/live-faults.ts';
import { faults } from './prometheus/rule-tests.ts';
import { metricsPage } from './reference/metrics.ts';

interface Scrape {
  readonly job_name: string;
  readonly relabel_configs: readonly object[];
}
interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: { readonly team?: string };
  readonly annotations?: { readonly runbook_url: string };
}
const { groups } = parse(rulesYaml(system)) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const { objectives = [] } = system;
const runbooks = readFileSync('docs/how-to/runbooks.md', 'utf8');

describe('an alert', () => {
  it('has a runbook, and every runbook belongs to an alert', () => {
    const sections = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(sections.toSorted()).toEqual(alertNames(system).toSorted());
    const links = alerts.map(({ alert, annotations }) => [alert, annotations?.runbook_url]);
    expect(links).toEqual(links.map(([alert]) => [alert, runbookOf(alert!)]));
    expect(new Set(alerts.map(({ alert }) => alert))).toEqual(new Set(alertNames(system)));
  });

  it.each([
    ['the rule tests', faults],
    ['the running system', liveFaults],
  ])('has a fault under which it fires, and no other: %s', (_where, all) => {
    const firing = all.flatMap(({ fires }) => fires.map((each) => each.split(' ')[0]));
    expect([...new Set(firing)].toSorted()).toEqual(alertNames(system).toSorted());
  });

  it('has the team of the app that it is about', () => {
    const scraped = parse(prometheusYaml(system)).scrape_configs as Scrape[];
    for (const { job_name, relabel_configs } of scraped) {
      const { team } = system.apps[job_name as keyof typeof system.apps];
      expect(relabel_configs).toContainEqual({ target_label: 'team', replacement: team });
    }
    // A label of the rule, or the one of its series, which an aggregation drops unless it is named.
    for (const { alert, expr, labels } of alerts) {
      const kept = /^up\b/.test(expr) || / by \([^)]*\bteam\b/.test(expr);
      expect([alert, (labels?.team ?? '') in system.teams || kept]).toEqual([alert, true]);
    }
    const teamOf = (name: string) => alerts.find(({ alert }) => alert === name)?.labels?.team;
    for (const { app, keptBy = app, ...objective } of objectives)
      expect(teamOf(burnAlertOf(objective))).toBe(
        system.apps[keptBy as keyof typeof system.apps].team,
      );
  });

  it('has a runbook with its meaning, where to look, and what to do', () => {
    for (const section of runbooks.split(/^## /m).slice(1))
      expect(section).toMatch(
        /^\w+\n\n\*\*Means\.\*\*[\s\S]+```sh\nnpx fieldguide [\s\S]+\*\*Do\.\*\*/,
      );
  });
});

/** What prom-client keeps of a metric. */
interface Metric {
  readonly name: string;
  readonly labelNames: readonly string[];
  readonly upperBounds?: readonly number[];
}

/** Every metric, after the services that add their own are imported. */
async function allMetrics(): Promise<readonly Metric[]> {
  await metricsPage();
  return metrics.registry.getMetricsAsArray() as unknown as Metric[];
}

describe('a rule', () => {
  it('reads metrics that the services have', async () => {
    const all = await allMetrics();
    const labels = new Set(all.flatMap(({ labelNames }) => labelNames));
    const read = rules.flatMap(({ expr }) => expr.match(/\b[a-z]+(?:_[a-z]+)+(?=[{)\s])/g) ?? []);
    const names = read
      .filter((each) => !labels.has(each))
      .map((each) => each.replace(/_(?:count|bucket)$/, ''));
    expect(names.length).toBeGreaterThan(8);
    expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });
});

describe('an objective', () => {
  it.each(objectives)(
    '$name reads labels and a bucket that its histogram has',
    async (objective) => {
      const { histogram, where, ignored = {}, failed = {}, withinSeconds } = objective;
      const { labelNames, upperBounds } = (await allMetrics()).find(
        ({ name }) => name === histogram,
      )!;
      expect(labelNames).toEqual(
        expect.arrayContaining(Object.keys({ ...where, ...ignored, ...failed })),
      );
      expect(upperBounds).toContain(withinSeconds);
    },
  );

  it.each(objectives)('$name names an app of the map and leaves an error budget', (objective) => {
    const { app, target, name } = objective;
    expect(Object.keys(system.apps)).toContain(app);
    expect(target).toBeGreaterThan(0.9);
    expect(target).toBeLessThan(1);
    expect(name).toMatch(/^[a-z][a-zA-Z]+$/);
  });

  it('alerts in a long and a short window, which both are recorded', () => {
    const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
    for (const { long, short } of burnAlerts)
      for (const window of [long, short])
        expect([...recorded]).toEqual(
          expect.arrayContaining([`slo:events:rate${window}`, `slo:errors:rate${window}`]),
        );
    const used = alerts.flatMap(({ expr }) => expr.match(/slo:\w+:\w+/g) ?? []);
    expect(used.filter((each) => !recorded.has(each))).toEqual([]);
  });
});

// prom-client's own, collected once a service has started.
const ofProcess = /^(?:process|nodejs)_/;
const folder = 'deploy/observability';
const fileOf = (path: string) => readFileSync(join(folder, path), 'utf8');
interface Dashboard {
  readonly panels: readonly {
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

describe('the profile observability', () => {
  it('has a collector whose pipelines use what it configures', () => {
    const { service, ...configured } = parse(fileOf('collector.yml'));
    for (const pipeline of Object.values<Record<string, string[]>>(service.pipelines))
      for (const [kind, names] of Object.entries(pipeline))
        expect(Object.keys(configured[kind]), kind).toEqual(expect.arrayContaining(names));
  });

  it('connects to services of docker-compose.yml only', () => {
    const { services } = parse(readFileSync('docker-compose.yml', 'utf8'));
    const files = ['collector.yml', 'prometheus.yml', 'grafana/datasources.yml'];
    const hosts = files.flatMap((file) =>
      [...fileOf(file).matchAll(/\b([a-z]+):\d{4,5}\b/g)].map(([, host]) => host),
    );
    expect(new Set(hosts)).toEqual(new Set(['jaeger', 'consul', 'prometheus']));
    expect(Object.keys(services)).toEqual(expect.arrayContaining(hosts));
  });

  it.each(['objectives', 'services'])('has a dashboard of existing %s', async (name) => {
    const { panels } = JSON.parse(fileOf(`grafana/${name}.json`)) as Dashboard;
    const sources = parse(fileOf('grafana/datasources.yml')).datasources as { uid: string }[];
    const recorded = rules.flatMap(({ record }) => record ?? []);
    const all = await allMetrics();
    const labels = new Set(all.flatMap(({ labelNames }) => labelNames));
    const known = [...recorded, ...all.map((each) => each.name)];
    expect(panels.length).toBeGreaterThan(2);
    for (const { datasource, targets } of panels) {
      expect(sources.map(({ uid }) => uid)).toContain(datasource.uid);
      for (const { expr } of targets) {
        const read = expr.match(/slo:\w+:\w+|\b[a-z]+(?:_[a-z]+)+(?=[{)[]|$)/g) ?? [];
        const names = read
          .filter((each) => !labels.has(each) && !ofProcess.test(each))
          .map((each) => each.replace(/_(?:count|bucket|sum)$/, ''));
        expect(known, expr).toEqual(expect.arrayContaining(names));
      }
    }
  });
});
