import { z } from 'zod';

/** A class created by `Config(schema)`: schema, type and injection token in one. */
export interface ConfigClass<Self = object> {
  new (): Self;
  readonly schema: z.ZodObject;
}

/**
 * Creates the base of a configuration class: `class OrderingConfig extends Config(z.object({ … })) {}`.
 * Keys are the names of environment variables. Mark a key with `secret()` or `live()` where that applies.
 */
export function Config<Schema extends z.ZodObject>(schema: Schema) {
  class Base {
    static readonly schema = schema;
  }
  return Base as unknown as { new (): z.infer<Schema>; readonly schema: Schema };
}

/** A key whose value is never shown (`***` in `/info` and in errors) and never read from Consul. */
export function secret<Type extends z.ZodType>(type: Type): Type {
  return type.meta({ ...type.meta(), secret: true }) as Type;
}

/** A key whose value in Consul, or in its file, may change while the service runs; read it each time it is needed. */
export function live<Type extends z.ZodType>(type: Type): Type {
  return type.meta({ ...type.meta(), live: true }) as Type;
}

/** A text that `parse` can read. The value stays text, so that a change is recognised; parse it where it is used. */
export function textFor(parse: (text: string) => unknown): z.ZodString {
  return z.string().superRefine((text, context) => {
    try {
      parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });
}

/** Whether a key was marked with `secret()` or `live()`, also inside `optional()` or `default()`. */
export function isMarked(type: unknown, mark: 'secret' | 'live'): boolean {
  for (let at = type as z.ZodType | undefined; at; at = innerOf(at)) {
    if (at.meta?.()?.[mark] === true) return true;
  }
  return false;
}

function innerOf({ def }: z.ZodType): z.ZodType | undefined {
  return (
    (def as { innerType?: z.ZodType; in?: z.ZodType }).innerType ?? (def as { in?: z.ZodType }).in
  );
}
