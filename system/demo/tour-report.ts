import { isDeepStrictEqual, styleText } from 'node:util';

/** The actual result of a check differs from the expected one. */
class FailedCheck extends Error {
  override name = 'Wrong';
}

interface Scene {
  readonly title: string;
  readonly checks: number;
  readonly tookMs: number;
  readonly failure?: string;
}

/** Prints the scenes of the tour with the result of each check. */
export class TourReport {
  readonly #scenes: Scene[] = [];
  #checks = 0;
  #startedAtMs = 0;

  /** Plays one scene; a failure is recorded and does not stop the tour. */
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

  /** Compares an actual with an expected value; of an object, only the expected fields. @throws FailedCheck */
  check(text: string, actual: unknown, expected: unknown): void {
    this.#checks += 1;
    if (!matches(actual, expected))
      throw new FailedCheck(`${text}: expected ${format(expected)}, got ${format(actual)}`);
    this.event(styleText('green', '✓'), text);
  }

  /** Prints an event with the time since the start of the scene. */
  event(sign: string, text: string, atMs = performance.now() - this.#startedAtMs): void {
    console.log(`   ${styleText('dim', `${Math.round(atMs)} ms`.padStart(8))}  ${sign} ${text}`);
  }

  /** Prints a summary. @returns whether all scenes succeeded */
  end(): boolean {
    const width = Math.max(...this.#scenes.map(({ title }) => title.length));
    console.log('');
    for (const { title, checks, tookMs, failure } of this.#scenes) {
      const sign = failure ? styleText('red', '✗') : styleText('green', '✓');
      const seconds = `${(tookMs / 1_000).toFixed(1)} s`.padStart(7);
      console.log(
        ` ${sign} ${title.padEnd(width)} ${String(checks).padStart(3)} checks ${seconds}`,
      );
    }
    return this.#scenes.every(({ failure }) => failure === undefined);
  }
}

function matches(actual: unknown, expected: unknown): boolean {
  if (expected instanceof RegExp) return expected.test(String(actual));
  if (expected === null || typeof expected !== 'object' || Array.isArray(expected))
    return isDeepStrictEqual(actual, expected);
  const fields = (actual ?? {}) as Record<string, unknown>;
  return Object.entries(expected).every(([key, value]) => matches(fields[key], value));
}

function format(value: unknown): string {
  return value instanceof RegExp ? String(value) : JSON.stringify(value);
}
