"""The AsyncAPI object model as tables: which fields an object may and must have, and what each of them is.

A row reads `name type`. `name!` must be there, `name@2.4` exists from that version on. A type is a scalar
(`str uri email bool int any obj`), a pattern (`expression`, `ref`), an object of the table, `[X]` a list,
`[X]!` a list of distinct things, `{X}` a mapping, `{key: X}` one whose names are restricted, `{name: X}` one
whose other names are a doubt and no fault, `=a,b` one of some words, `A|B` either. `X?` may be a reference
instead. Every object may have extensions (`x-...`).
"""

_COMMON = {
    "Contact": "name str; url uri; email email",
    "License": "name! str; url uri",
    "ServerVariable": "enum [str]!; default str; description str; examples [str]",
    "CorrelationId": "description str; location! expression",
    "UserPassword": "type! str; description str",
    "ApiKey": "type! str; in! =user,password; description str",
    "HttpApiKey": "type! str; name! str; in! =header,query,cookie; description str",
    "Http": "type! str; scheme! str; bearerFormat str; description str",
}

V2: dict[str, str] = {
    **_COMMON,
    "AsyncApi": "asyncapi! str; id uri; info! Info; servers {name: Server?}; defaultContentType str;"
    " channels! {Channel}; components Components; tags [Tag]!; externalDocs Docs",
    "Info": "title! str; version! str; description str; termsOfService uri; contact Contact; license License",
    "Server": "url! str; description str; protocol! str; protocolVersion str; variables"
    " {ServerVariable?}; security [SecurityRequirement]; bindings obj; tags@2.5 [Tag]!",
    "SecurityRequirement": "* [str]!",
    "Tag": "name! str; description str; externalDocs Docs",
    "Docs": "description str; url! uri",
    "Channel": "$ref str; parameters {Parameter?}; description str; servers@2.2 [str]!; publish"
    " Operation; subscribe Operation; deprecated bool; bindings obj",
    "Parameter": "description str; schema Schema; location expression",
    "Operation": "traits [OperationTrait?]; summary str; description str; security@2.4"
    " [SecurityRequirement]; tags [Tag]!; externalDocs Docs; operationId str; bindings obj; message"
    " Message?",
    "OperationTrait": "summary str; description str; tags [Tag]!; externalDocs Docs; operationId str;"
    " bindings obj; security@2.4 [SecurityRequirement]",
    "OneOf": "oneOf! [Message?]",
    "PlainMessage": "schemaFormat str; contentType str; headers ObjectSchema; messageId@2.4 str;"
    " payload any; correlationId CorrelationId?; tags [Tag]!; summary str; name str; title str;"
    " description str; externalDocs Docs; deprecated bool; examples [Example]; bindings obj; traits"
    " [MessageTrait?]",
    "MessageTrait": "schemaFormat str; contentType str; headers ObjectSchema; messageId@2.4 str;"
    " correlationId CorrelationId?; tags [Tag]!; summary str; name str; title str; description str;"
    " externalDocs Docs; deprecated bool; examples [LooseExample]; bindings obj",
    "Components": "schemas {name: Schema}; servers@2.3 {name: Server?}; channels@2.3 {name: Channel};"
    " serverVariables@2.4 {name: ServerVariable?}; messages {name: Message?}; securitySchemes {key:"
    " SecurityScheme?}; parameters {name: Parameter?}; correlationIds {key: CorrelationId?};"
    " operationTraits {name: OperationTrait}; messageTraits {name: MessageTrait}; serverBindings {name:"
    " obj}; channelBindings {name: obj}; operationBindings {name: obj}; messageBindings {name: obj}",
    "OAuth2": "type! str; description str; flows! Flows",
    "Flows": "implicit FlowImplicit; password FlowToken; clientCredentials FlowToken; authorizationCode FlowCode",
    "FlowImplicit": "authorizationUrl! uri; refreshUrl uri; scopes! {str}",
    "FlowToken": "tokenUrl! uri; refreshUrl uri; scopes! {str}",
    "FlowCode": "authorizationUrl! uri; tokenUrl! uri; refreshUrl uri; scopes! {str}",
    "OpenId": "type! str; description str; openIdConnectUrl! uri",
}

V3: dict[str, str] = {
    **_COMMON,
    "AsyncApi": "asyncapi! str; id uri; info! Info; servers {Server?}; defaultContentType str;"
    " channels {Channel?}; operations {Operation?}; components Components",
    "Info": "title! str; version! str; description str; termsOfService uri; contact Contact; license"
    " License; tags [Tag?]!; externalDocs Docs?",
    "Server": "host! str; pathname str; title str; summary str; description str; protocol! str;"
    " protocolVersion str; variables {ServerVariable?}; security [SecurityScheme?]; tags [Tag?]!;"
    " externalDocs Docs?; bindings obj?",
    "Tag": "name! str; description str; externalDocs Docs?",
    "Docs": "description str; url! uri",
    "Channel": "address str|null; messages {PlainMessage?}; parameters {Parameter?}; title str;"
    " summary str; description str; servers [ref]!; tags [Tag?]!; externalDocs Docs?; bindings obj?",
    "Parameter": "description str; enum [str]; default str; examples [str]; location expression",
    "Operation": "action! =send,receive; channel! ref; messages [ref]; reply Reply?; traits"
    " [OperationTrait?]; title str; summary str; description str; security [SecurityScheme?]; tags"
    " [Tag?]!; externalDocs Docs?; bindings obj?",
    "Reply": "address ReplyAddress?; channel ref; messages [ref]",
    "ReplyAddress": "location! expression; description str",
    "OperationTrait": "title str; summary str; description str; security [SecurityScheme?]; tags"
    " [Tag?]!; externalDocs Docs?; bindings obj?",
    "PlainMessage": "contentType str; headers AnySchema; payload AnySchema; correlationId"
    " CorrelationId?; tags [Tag?]!; summary str; name str; title str; description str; externalDocs"
    " Docs?; deprecated bool; examples [Example]; bindings obj?; traits [MessageTrait?]",
    "MessageTrait": "contentType str; headers AnySchema; correlationId CorrelationId?; tags [Tag?]!;"
    " summary str; name str; title str; description str; externalDocs Docs?; deprecated bool; examples"
    " [Example]; bindings obj?",
    "Components": "schemas {key: AnySchema}; servers {key: Server?}; channels {key: Channel?};"
    " serverVariables {key: ServerVariable?}; operations {key: Operation?}; messages {key:"
    " PlainMessage?}; securitySchemes {key: SecurityScheme?}; parameters {key: Parameter?};"
    " correlationIds {key: CorrelationId?}; operationTraits {key: OperationTrait?}; messageTraits {key:"
    " MessageTrait?}; replies {key: Reply?}; replyAddresses {key: ReplyAddress?}; serverBindings {key:"
    " obj?}; channelBindings {key: obj?}; operationBindings {key: obj?}; messageBindings {key: obj?};"
    " tags {key: Tag?}; externalDocs {key: Docs?}",
    "OAuth2": "type! str; description str; flows! Flows; scopes [str]",
    "Flows": "implicit FlowImplicit; password FlowToken; clientCredentials FlowToken; authorizationCode FlowCode",
    "FlowImplicit": "authorizationUrl! uri; refreshUrl uri; availableScopes! {str}",
    "FlowToken": "tokenUrl! uri; refreshUrl uri; availableScopes! {str}",
    "FlowCode": "authorizationUrl! uri; tokenUrl! uri; refreshUrl uri; availableScopes! {str}",
    "OpenId": "type! str; description str; openIdConnectUrl! uri; scopes [str]",
}

SECURITY = {
    "userPassword": "UserPassword",
    "apiKey": "ApiKey",
    "X509": "UserPassword",
    "symmetricEncryption": "UserPassword",
    "asymmetricEncryption": "UserPassword",
    "http": "Http",
    "httpApiKey": "HttpApiKey",
    "oauth2": "OAuth2",
    "openIdConnect": "OpenId",
    "plain": "UserPassword",
    "scramSha256": "UserPassword",
    "scramSha512": "UserPassword",
    "gssapi": "UserPassword",
}
"""Which shape a security scheme has, by its `type`."""

SCHEMA = (
    "title str; description str; type types; multipleOf number; maximum number; exclusiveMaximum number;"
    " minimum number; exclusiveMinimum number; maxLength size; minLength size; pattern str; maxItems"
    " size; minItems size; uniqueItems bool; maxProperties size; minProperties size; required [str]!;"
    " enum [any]!; items Items; additionalItems Schema; contains Schema; properties {Schema};"
    " patternProperties {Schema}; additionalProperties Schema; propertyNames Schema; dependencies obj; if"
    " Schema; then Schema; else Schema; allOf [Schema]; anyOf [Schema]; oneOf [Schema]; not Schema;"
    " format str; definitions {Schema}; contentMediaType str; contentEncoding str; readOnly bool;"
    " writeOnly bool; discriminator str; externalDocs Docs?; deprecated bool; examples [any]"
)
"""The fields of a JSON Schema that are judged; any other field is allowed there."""
