import type { Instance } from '../api/types.ts';
import { duration } from '../design/format.ts';
import { State } from '../design/page.tsx';
import { Sparkline } from '../design/sparkline.tsx';
import { InstanceActions } from './actions.tsx';
import { SAMPLES_MAX, useHistory } from './history.ts';
import { toneOf } from './tone.ts';

/** One instance: state, usage over five minutes, and what it depends on. */
export function InstanceTile({ instance }: { readonly instance: Instance }) {
  const usage = useHistory().get(instance.name);
  const { id, health, processes, restarts, cpuPercent, memoryMb, memoryLimitMb } = instance;
  const tone = toneOf(health);
  return (
    <li className={`tile tone-${tone}`} data-instance={id}>
      <div className="row between">
        <span className="row">
          <strong className="number">{id}</strong>
          <State tone={tone}>{health}</State>
        </span>
        <span className="row secondary">
          {processes !== 'web,worker' && `${processes} · `}up {duration(instance.upSeconds)}
          {restarts > 0 && ` · ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`}
          <InstanceActions instance={instance} />
        </span>
      </div>
      <div className="usages">
        <Usage
          name="CPU"
          text={cpuPercent === null ? '–' : `${Math.round(cpuPercent)} %`}
          values={usage?.cpuPercent ?? []}
          max={100}
        />
        <Usage
          name="memory"
          text={memoryMb === null ? '–' : `${memoryMb}/${memoryLimitMb} MB`}
          values={usage?.memoryMb ?? []}
          max={memoryLimitMb}
        />
      </div>
      <ul className="dependencies" aria-label={`Dependencies of ${id}`}>
        {Object.entries(instance.dependencies).map(([name, { state, detail }]) => (
          <li key={name}>
            <State tone={toneOf(state)}>
              {name}
              {state !== 'ok' && `: ${detail ?? state}`}
            </State>
          </li>
        ))}
      </ul>
    </li>
  );
}

interface UsageProps {
  readonly name: string;
  readonly text: string;
  readonly values: readonly number[];
  readonly max: number;
}

function Usage({ name, text, values, max }: UsageProps) {
  return (
    <span className="usage">
      <Sparkline
        values={values}
        max={max}
        points={SAMPLES_MAX}
        label={`${name} over five minutes, now ${text}`}
      />
      <span className="number">{text}</span>
    </span>
  );
}
