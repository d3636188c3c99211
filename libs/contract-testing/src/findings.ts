import { z } from 'zod';

/** One thing that is not as a consumer expects. */
export interface Finding {
  readonly consumer: string;
  /** The description of the interaction. */
  readonly interaction: string;
  /** What was expected and what came, a line each. */
  readonly mismatches: readonly string[];
}

// Pact's verifier fails with its result as the error's text.
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

/** @throws the error itself when it is no result of a verification */
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
        mismatch?.message ?? 'the provider could not be asked',
      ],
    }));
}

/** A wrong status explains everything else that is wrong. */
const isStatus = ({ mismatch }: { mismatch: string }) => /^expected \d{3} but was/.test(mismatch);
const byStatusFirst = (a: { mismatch: string }, b: { mismatch: string }) =>
  Number(isStatus(b)) - Number(isStatus(a));

/** For people; empty when there is nothing to say. */
export const explain = (findings: readonly Finding[]): string =>
  findings
    .map(({ consumer, interaction, mismatches }) =>
      [`${consumer} asks for "${interaction}":`, ...mismatches.map((each) => `  ${each}`)].join(
        '\n',
      ),
    )
    .join('\n');
