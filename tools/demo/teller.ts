import { isDeepStrictEqual, styleText } from 'node:util';

/** What was told differs from what is. */
class Wrong extends Error {
  override name = 'Wrong';
}

interface Scene {
  readonly title: string;
  readonly checks: number;
  readonly tookMs: number;
  readonly wrong?: string;
}

/** Tells a story in scenes. Whatever it says to be so, it has checked. */
export class Teller {
  readonly #scenes: Scene[] = [];
  #checks = 0;
  #begunAt = 0;

  /** One scene; when something in it is wrong, the next ones are played all the same. */
  async scene(title: string, play: () => Promise<void>): Promise<void> {
    console.log(`\n${styleText('bold', `${this.#scenes.length + 1}. ${title}`)}`);
    [this.#checks, this.#begunAt] = [0, performance.now()];
    let wrong: string | undefined;
    try {
      await play();
    } catch (error) {
      wrong = (error as Error).message;
      console.log(`   ${styleText('red', '✗')} ${wrong}`);
      if (!(error instanceof Wrong))
        console.log(styleText('dim', `     ${(error as Error).stack}`));
    }
    const tookMs = performance.now() - this.#begunAt;
    this.#scenes.push({ title, checks: this.#checks, tookMs, ...(wrong && { wrong }) });
  }

  /** @throws Wrong when it is not so; a part of an object is enough */
  check(text: string, actual: unknown, expected: unknown): void {
    this.#checks += 1;
    if (!matches(actual, expected))
      throw new Wrong(`${text}: expected ${show(expected)}, and it is ${show(actual)}`);
    this.fact(styleText('green', '✓'), text);
  }

  /** Something that happened, with the time since the scene began. */
  fact(sign: string, text: string, atMs = performance.now() - this.#begunAt): void {
    console.log(`   ${styleText('dim', `${Math.round(atMs)} ms`.padStart(8))}  ${sign} ${text}`);
  }

  /** @returns whether everything was as it was told */
  end(): boolean {
    const wide = Math.max(...this.#scenes.map(({ title }) => title.length));
    console.log('');
    for (const { title, checks, tookMs, wrong } of this.#scenes) {
      const sign = wrong ? styleText('red', '✗') : styleText('green', '✓');
      const seconds = `${(tookMs / 1_000).toFixed(1)} s`.padStart(7);
      console.log(` ${sign} ${title.padEnd(wide)} ${String(checks).padStart(3)} checks ${seconds}`);
    }
    return this.#scenes.every(({ wrong }) => wrong === undefined);
  }
}

function matches(actual: unknown, expected: unknown): boolean {
  if (expected instanceof RegExp) return expected.test(String(actual));
  if (expected === null || typeof expected !== 'object' || Array.isArray(expected))
    return isDeepStrictEqual(actual, expected);
  const given = (actual ?? {}) as Record<string, unknown>;
  return Object.entries(expected).every(([key, value]) => matches(given[key], value));
}

function show(value: unknown): string {
  return value instanceof RegExp ? String(value) : JSON.stringify(value);
}
