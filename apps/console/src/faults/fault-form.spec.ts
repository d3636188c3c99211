import { expect, it } from 'vitest';
import { requestOf } from './fault-form.tsx';

const parameter = (name: string) => ({
  name,
  description: name,
  unit: 'ms',
  default: null,
  min: 1,
  max: 9,
});
const kind = { kind: 'latency', parameters: [parameter('delayMs'), parameter('jitterMs')] };
const fields = (values: Record<string, string>) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(values)) data.set(name, value);
  return data;
};

it('sends numbers as numbers, leaves out what is empty, and forces outside local', () => {
  const given = fields({ target: 'shelf', to: '', delayMs: '300', jitterMs: '', forSeconds: '60' });
  const request = { kind: 'latency', target: 'shelf', delayMs: 300, forSeconds: 60 };
  expect(requestOf(kind, given, 'local')).toEqual(request);
  expect(requestOf(kind, given, 'staging')).toEqual({ ...request, force: true });
});
