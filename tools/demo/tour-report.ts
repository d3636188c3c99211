import { isDeepStrictEqual, styleText } from 'node:util';

/** What was told differs from what is. */
class FailedCheck extends Error {
  override name = 'Wrong';
}

interface Scene {
  readonly title: string;
  readonly checks: number;
  readonly tookMs: number;
  readonly failure?: string;
}

/** Tells a story in scenes. Whatever it says to be so, it has checked. */
export class TourReport {
  readonly #scenes: Scene[] = [];
  #checks = 0;
  #startedAtMs = 0;

  /** One scene; when something in it is wrong, the next ones are played all the same. */
  async scene(title: string, play: () => Promise<void>): Promise<void> {
    console.log(`\n${styleText('bold', `${this.#scenes.length + 1}. ${title}`)}`);
    [this.#checks, this.#startedAtMs] = [0, performance.now()];
    let failure: string | undefined;
    try {
      await play();
    } catch (error) {
      failure = (error as Error).message;
      console.log(`   ${styleText('red', '✗')} ${failure}`);
      if (!(error instanceof FailedCheck))
        console.log(styleText('dim', `     ${(error as Error).stack}`));
    }
    const tookMs = performance.now() - this.#startedAtMs;
    this.#scenes.push({ title, checks: this.#checks, tookMs, ...(failure && { failure }) });
  }

  /** @throws FailedCheck when it is not so; a part of an object is enough */
  check(text: string, actual: unknown, expected: unknown): void {
    this.#checks += 1;
    if (!matches(actual, expected))
      throw new FailedCheck(`${text}: expected ${format(expected)}, and it is ${format(actual)}`);
    this.event(styleText('green', '✓'), text);
  }

  /** Something that happened, with the time since the scene began. */
  event(sign: string, text: string, atMs = performance.now() - this.#startedAtMs): void {
    console.log(`   ${styleText('dim', `${Math.round(atMs)} ms`.padStart(8))}  ${sign} ${text}`);
  }

  /** @returns whether everything was as it was told */
  end(): boolean {
    const wide = Math.max(...this.#scenes.map(({ title }) => title.length));
    console.log('');
    for (const { title, checks, tookMs, failure } of this.#scenes) {
      const sign = failure ? styleText('red', '✗') : styleText('green', '✓');
      const seconds = `${(tookMs / 1_000).toFixed(1)} s`.padStart(7);
      console.log(` ${sign} ${title.padEnd(wide)} ${String(checks).padStart(3)} checks ${seconds}`);
    }
    return this.#scenes.every(({ failure }) => failure === undefined);
  }
}

function matches(actual: unknown, expected: unknown): boolean {
  if (expected instanceof RegExp) return expected.test(String(actual));
  if (expected === null || typeof expected !== 'object' || Array.isArray(expected))
    return isDeepStrictEqual(actual, expected);
  const given = (actual ?? {}) as Record<string, unknown>;
  return Object.entries(expected).every(([key, value]) => matches(given[key], value));
}

function format(value: unknown): string {
  return value instanceof RegExp ? String(value) : JSON.stringify(value);
}
