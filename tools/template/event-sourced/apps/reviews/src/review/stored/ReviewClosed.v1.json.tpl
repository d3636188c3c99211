{
  "schema": {
    "type": "object",
    "properties": {},
    "additionalProperties": false
  },
  "example": {}
}
