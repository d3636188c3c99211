// Measures memory and CPU of a running environment, without its backing services: `node tools/at-rest.ts [env] [seconds]`.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Environment } from '@fieldguide/platform-host/environment';
import { readState } from '@fieldguide/platform-host/state';

const [env = 'local', seconds = '60'] = process.argv.slice(2);
const state = readState(new Environment(env));
if (!state) throw new Error(`The environment ${env} is not running. Try: npm start`);

const TICKS_PER_SECOND = 100;
const pids = [state.pid, ...state.instances.map(({ pid }) => pid)];
const name = new Map([
  [state.pid, 'platform'],
  ...state.instances.map(({ pid, app, slot }) => [pid, `${app}/${slot}`] as const),
]);
const cpu = (pid: number) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};
const memory = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;

const before = new Map(pids.map((pid) => [pid, cpu(pid)]));
await sleep(Number(seconds) * 1_000);
let [totalMb, totalCpu] = [0, 0];
for (const pid of pids) {
  const mb = memory(pid);
  const share = ((cpu(pid) - before.get(pid)!) / Number(seconds)) * 100;
  totalMb += mb;
  totalCpu += share;
  console.log(
    `${String(name.get(pid)).padEnd(18)} ${mb.toFixed(0).padStart(5)} MB ${share.toFixed(2)} %`,
  );
}
console.log(
  `${'total'.padEnd(18)} ${totalMb.toFixed(0).padStart(5)} MB ${totalCpu.toFixed(2)} % of one core`,
);
