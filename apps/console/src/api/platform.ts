import { useSyncExternalStore } from 'react';
import { ApiError, call } from './client.ts';
import type { PlatformEvent, Status } from './types.ts';

const POLL_MS = 2_000;
const RETRY_MS = 1_000;
const EVENTS_KEPT = 100;

/** `starting`: it responds, but has no state to show yet. */
type Connection = 'connecting' | 'online' | 'starting' | 'away' | 'signed-out';

export interface PlatformState {
  readonly connection: Connection;
  readonly status: Status | undefined;
  readonly events: readonly PlatformEvent[];
}

let state: PlatformState = { connection: 'connecting', status: undefined, events: [] };
const listeners = new Set<() => void>();
const statusListeners = new Set<(status: Status) => void>();

function set(change: Partial<PlatformState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

/** What runs, whether the platform responds, and its last events; all views share it. */
export function usePlatform(): PlatformState {
  return useSyncExternalStore(subscribe, () => state);
}

/** @returns a function that removes the listener */
export function onStatus(listener: (status: Status) => void): () => void {
  statusListeners.add(listener);
  return () => statusListeners.delete(listener);
}

let timer: ReturnType<typeof setTimeout> | undefined;
let isRefreshing = false;

/** Reads the status now: after an action, or an event. */
export async function refresh(): Promise<void> {
  if (isRefreshing) return;
  isRefreshing = true;
  clearTimeout(timer);
  try {
    const status = await call<Status>('GET', '/status');
    for (const listener of statusListeners) listener(status);
    set({ status, connection: 'online' });
    listen();
  } catch (error) {
    set({ connection: connectionOf(error as ApiError) });
  } finally {
    isRefreshing = false;
    timer = setTimeout(refresh, state.connection === 'online' ? POLL_MS : RETRY_MS);
  }
}

function connectionOf({ status }: ApiError): Connection {
  if (status === 401) return 'signed-out';
  return status === 0 ? 'away' : 'starting';
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) void refresh();
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };
}

let source: EventSource | undefined;

/** Each event reports a change; the browser itself connects again after an interruption. */
function listen(): void {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource('/events');
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data as string) as PlatformEvent;
    const before = state.events.filter(({ id, time }) => id !== event.id || time !== event.time);
    set({ events: [...before, event].slice(-EVENTS_KEPT) });
    void refresh();
  };
  source.onerror = () => void refresh();
}
