import { z } from 'zod';

/** One unmet expectation of a consumer. */
export interface Finding {
  readonly consumer: string;
  /** The description of the interaction. */
  readonly interaction: string;
  /** Expected and actual values, a line each. */
  readonly mismatches: readonly string[];
}

// Pact's verifier reports its result as the error message.
const Mismatch = z.object({ mismatch: z.string(), path: z.string().optional() });
const Result = z.object({
  interactionResults: z.array(
    z.object({
      consumer: z.string(),
      description: z.string(),
      result: z.string(),
      mismatch: z
        .object({ mismatches: z.array(Mismatch).optional(), message: z.string().optional() })
        .nullish(),
    }),
  ),
});

/** @throws the error itself when it is not the result of a verification */
export function readFindings(error: Error): Finding[] {
  let text: unknown;
  try {
    text = JSON.parse(error.message);
  } catch {
    throw error;
  }
  return Result.parse(text)
    .interactionResults.filter(({ result }) => result !== 'OK')
    .map(({ consumer, description: interaction, mismatch }) => ({
      consumer,
      interaction,
      mismatches: mismatch?.mismatches
        ?.toSorted(byStatusFirst)
        .map(({ path, mismatch: what }) => `${path ? `${path}: ` : ''}${what}`) ?? [
        mismatch?.message ?? 'the provider could not be called',
      ],
    }));
}

/** A wrong status usually explains the other mismatches. */
const isStatus = ({ mismatch }: { mismatch: string }) => /^expected \d{3} but was/.test(mismatch);
const byStatusFirst = (a: { mismatch: string }, b: { mismatch: string }) =>
  Number(isStatus(b)) - Number(isStatus(a));

/** Formats findings as text; empty when there are none. */
export const explain = (findings: readonly Finding[]): string =>
  findings
    .map(({ consumer, interaction, mismatches }) =>
      [`${consumer} expects "${interaction}":`, ...mismatches.map((each) => `  ${each}`)].join(
        '\n',
      ),
    )
    .join('\n');
