import { State, type Tone } from '../design/page.tsx';

const tones: Readonly<Record<string, Tone>> = {
  completed: 'ok',
  rejected: 'bad',
  cancelled: 'idle',
};

export function OrderState({
  status,
  reason,
}: {
  readonly status: string;
  readonly reason?: string | undefined;
}) {
  return (
    <State tone={tones[status] ?? 'busy'}>
      {status}
      {reason && ` (${reason})`}
    </State>
  );
}
