// Stages the apps named as arguments, in a process of its own: the bundler would keep two gigabytes of the platform's.
import { parseArgs } from 'node:util';
import { apps, webApps } from '@fieldguide/platform-host/apps';
import { stage } from './stage.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'source-map': { type: 'boolean', default: false } },
});
for (const app of [...apps, ...webApps].filter(({ name }) => positionals.includes(name)))
  await stage(app, values['source-map']);
