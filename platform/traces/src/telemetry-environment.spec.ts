import { describe, expect, it } from 'vitest';
import { destinationOf, telemetryEnvironment } from './telemetry-environment.ts';

const receiver = { url: 'http://127.0.0.1:20001', token: 'a/token' };
const own = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:20001',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a%2Ftoken',
};
const elsewhere = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  OTEL_EXPORTER_OTLP_HEADERS: 'x-key=k',
};
const sampler = { OTEL_TRACES_SAMPLER: 'always_on' };

describe('the telemetry of an instance', () => {
  it.each<[string, Record<string, string>, string, Record<string, string>]>([
    ['the receiver of the platform', { PATH: '/bin' }, 'platform', own],
    ['the endpoint of the user, without our token', elsewhere, 'http://collector:4318', elsewhere],
    ['nothing with an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 'off', {}],
    [
      'nothing when it is switched off',
      { ...elsewhere, OTEL_SDK_DISABLED: 'true' },
      'off',
      { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=k', OTEL_SDK_DISABLED: 'true' },
    ],
    ['other settings of the user', sampler, 'platform', { ...sampler, ...own }],
    ['its own name', { OTEL_SERVICE_NAME: 'one-for-all' }, 'platform', own],
    ['our address for our headers', { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=k' }, 'platform', own],
  ])('has %s', (_what, given, destination, expected) => {
    expect(destinationOf(given)).toBe(destination);
    expect(telemetryEnvironment(receiver, given)).toEqual(expected);
  });
});
