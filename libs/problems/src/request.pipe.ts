import { type ArgumentMetadata, StandardSchemaValidationPipe } from '@nestjs/common';
import { toValidationProblem } from './problem.ts';

/** Validates bodies and parameters with their schemas; errors point at the invalid field or parameter. */
export class RequestPipe extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema, data } = metadata;
    if (!schema || !this.toValidate(metadata)) return value;
    this.stripProtoKeys(value);
    const result = await this.validate(value, schema);
    if (result.issues) throw toValidationProblem(result.issues, data as string | undefined);
    return result.value as T;
  }
}
