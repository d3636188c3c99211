import { styleText } from 'node:util';
import type { Finding } from '../checks/finding.ts';
import { table } from './tables.ts';

const marks = {
  green: styleText('green', '✓'),
  red: styleText('red', '✗'),
  unmeasured: styleText('dim', '–'),
} as const;

/** One row for each app, one column for each factor, then the reds. */
export function factorsTable(findings: readonly Finding[]): string {
  const apps = Map.groupBy(findings, ({ subject }) => subject);
  const rows = [...apps].map(([app, own]) => [app, ...own.map(({ verdict }) => marks[verdict])]);
  const names = [...new Set(findings.map(({ check }) => check))];
  return [
    table(['APP', ...names.map((name) => name.split(' ')[0]!)], rows),
    [0, 4, 8].map((start) => names.slice(start, start + 4).join('; ')).join('\n'),
    ...reds(findings),
    countsOf(findings),
  ].join('\n\n');
}

/** One row for each check of a prerequisite, then the reds. */
export function readinessTable(findings: readonly Finding[]): string {
  const rows = findings.map(({ subject, check, verdict }) => [subject, check, marks[verdict]]);
  const unmeasured = findings.filter(({ verdict }) => verdict === 'unmeasured');
  const notes = unmeasured.map(({ check, found, where }) => `– ${check}: ${found}. Try: ${where}`);
  return [
    table(['PREREQUISITE', 'CHECK', 'RESULT'], rows),
    ...reds(findings),
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    countsOf(findings),
  ].join('\n\n');
}

function reds(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ verdict }) => verdict === 'red')
    .map(({ subject, check, expected, found, where }) =>
      [
        `${marks.red} ${subject}: ${check}`,
        `  expected: ${expected}`,
        `  found:    ${found}`,
        `  look at:  ${where}`,
      ].join('\n'),
    );
}

function countsOf(findings: readonly Finding[]): string {
  const count = (verdict: Finding['verdict']) =>
    findings.filter((each) => each.verdict === verdict).length;
  return `${count('green')} green, ${count('red')} red, ${count('unmeasured')} without evidence`;
}
