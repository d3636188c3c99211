import { type FormEvent, useState } from 'react';
import { call } from '../api/client.ts';
import type { Fault, FaultKind } from '../api/types.ts';
import { act } from '../design/feedback.tsx';

interface FaultFormProps {
  readonly kinds: readonly FaultKind[];
  readonly environment: string;
  readonly reload: () => Promise<void>;
}

/** Starts a fault; its fields follow from what the platform offers. */
export function FaultForm({ kinds, environment, reload }: FaultFormProps) {
  const [name, setName] = useState(kinds[0]?.kind ?? '');
  const [target, setTarget] = useState('');
  const kind = kinds.find((each) => each.kind === name);
  if (!kind) return null;
  const chosen = kind.targets.includes(target) ? target : (kind.targets[0] ?? '');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const request = requestOf(kind, new FormData(event.currentTarget), environment);
    void start(request, environment).then(reload);
  };
  return (
    <form className="card fault-form" onSubmit={submit} key={name}>
      <label>
        Kind
        <select value={name} onChange={(event) => setName(event.target.value)}>
          {kinds.map((each) => (
            <option key={each.kind}>{each.kind}</option>
          ))}
        </select>
      </label>
      <label>
        {kind.target}
        <select name="target" value={chosen} onChange={(event) => setTarget(event.target.value)}>
          {kind.targets.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      {(kind.to[chosen]?.length ?? 0) > 0 && (
        <label>
          on the way to
          <select name="to">
            <option value="">(at the app itself)</option>
            {kind.to[chosen]?.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      )}
      {kind.parameters.map(({ name: key, description, unit, default: value, min, max }) => (
        <label key={key} title={description}>
          {key} {unit && `(${unit})`}
          <input name={key} type="number" min={min} max={max} defaultValue={value ?? ''} />
        </label>
      ))}
      {!kind.isMomentary && (
        <label>
          for (seconds)
          <input name="forSeconds" type="number" min={1} max={3600} defaultValue={120} />
        </label>
      )}
      <button type="submit" className="danger">
        Start
      </button>
      <p className="secondary">
        {kind.summary}. {kind.restores}.
      </p>
    </form>
  );
}

type FaultRequest = Readonly<Record<string, string | number | boolean>> & { readonly kind: string };

/** Leaves out what is empty; outside `local` a fault is forced, after a confirmation. */
export function requestOf(
  { kind, parameters }: Pick<FaultKind, 'kind' | 'parameters'>,
  fields: FormData,
  environment: string,
): FaultRequest {
  const numbers = [...parameters.map(({ name }) => name), 'forSeconds'];
  const given = [...fields.entries()].filter(([, value]) => value !== '');
  return {
    kind,
    ...Object.fromEntries(
      given.map(([key, value]) => [key, numbers.includes(key) ? Number(value) : String(value)]),
    ),
    ...(environment !== 'local' && { force: true }),
  };
}

const start = (request: FaultRequest, environment: string) =>
  act({
    begins: `Starting ${request.kind}`,
    run: () => call<Fault>('POST', '/faults', request),
    done: ({ title }) => `Fault started: ${title}`,
    ...(environment !== 'local' && {
      confirm: {
        title: `Start a fault in ${environment}?`,
        risk: 'This environment is not local: what uses it will notice.',
        verb: 'Start',
      },
    }),
  });
