//! Secrets by the name of the member that holds them.
//!
//! A name is read as English reads it: its last word says what it is, the words before say which.
//! So `client_secret` is a secret and `secret_rotation_days` are days. Whether the value is worth
//! masking (`null`, `true` and empty strings are not) is for the caller to see.

/// Bytes of a name that are looked at, from its end.
const NAME_BYTES_MAX: usize = 64;
/// Words of a name that are looked at, from its end.
const WORDS_MAX: usize = 8;

/// Whether a text kept under this name is a secret.
pub fn by_name(name: &str) -> bool {
    judge(name) != Named::Open
}

/// Whether even a number kept under this name is a secret, as with a PIN; a number of tokens is not.
pub fn number_by_name(name: &str) -> bool {
    judge(name) == Named::SecretDigits
}

/// Whether a member of an object that is itself named like a secret is the secret, as `value` is in
/// `{"token":{"id":"t_1","value":"…"}}`, and not something told about it.
pub fn carries(member: &str) -> bool {
    const CARRIERS: [&str; 16] = [
        "after",
        "before",
        "content",
        "current",
        "data",
        "from",
        "header",
        "new",
        "old",
        "plain",
        "plaintext",
        "previous",
        "raw",
        "text",
        "to",
        "value",
    ];
    CARRIERS.contains(&member) || by_name(member)
}

/// What a name says of the value that is kept under it, the stricter the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// No secret.
    Open,
    /// Text is secret, a number is not.
    Secret,
    /// Numbers are as secret as text.
    SecretDigits,
}

/// Reads a name.
pub fn judge(name: &str) -> Named {
    let mut lower = [0; NAME_BYTES_MAX];
    let mut words: [&[u8]; WORDS_MAX] = [&[]; WORDS_MAX];
    let bytes = name.as_bytes();
    let bytes = &bytes[bytes.len().saturating_sub(NAME_BYTES_MAX)..];
    let lower = &mut lower[..bytes.len()];
    lower.copy_from_slice(bytes);
    lower.make_ascii_lowercase();
    let count = split(bytes, lower, &mut words);
    judge_words(&words[..count], lower)
}

/// Splits at everything that is not a letter or digit, and where camel case begins a word. Digits at
/// the end of a word are left out: `password2` is a password.
fn split<'a>(bytes: &[u8], lower: &'a [u8], words: &mut [&'a [u8]; WORDS_MAX]) -> usize {
    let mut count = 0;
    let mut start = 0;
    for at in 0..=bytes.len() {
        let ends = match bytes.get(at) {
            None => true,
            Some(byte) if !byte.is_ascii_alphanumeric() && byte.is_ascii() => true,
            Some(byte) if byte.is_ascii_uppercase() && at > start => {
                let before_is_upper = bytes[at - 1].is_ascii_uppercase();
                let next_is_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
                !before_is_upper || next_is_lower
            }
            Some(_) => false,
        };
        if !ends {
            continue;
        }
        let mut word = &lower[start..at];
        while let [rest @ .., b'0'..=b'9'] = word {
            word = rest;
        }
        if !word.is_empty() {
            if count == WORDS_MAX {
                words.rotate_left(1);
                count -= 1;
            }
            words[count] = word;
            count += 1;
        }
        start = at
            + usize::from(bytes.get(at).is_some_and(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric()));
    }
    count
}

fn judge_words(words: &[&[u8]], lower: &[u8]) -> Named {
    let words = without_carriers(words);
    let Some((&last, before)) = words.split_last() else { return Named::Open };
    if before.first().is_some_and(|first| asks_or_counts(first)) {
        return Named::Open;
    }
    let which = before.last().copied().unwrap_or_default();
    let when = |holds: bool, named: Named| if holds { named } else { Named::Open };
    match last {
        b"password" | b"passwords" | b"passwd" | b"pwd" | b"passphrase" | b"passcode" | b"otp" | b"totp"
        | b"cvv" | b"cvc" | b"passwort" | b"kennwort" => Named::SecretDigits,
        b"secret" | b"secrets" | b"jwt" | b"bearer" | b"psk" | b"mnemonic" | b"credential"
        | b"credentials" | b"apikeys" => Named::Secret,
        b"pin" => {
            when(!matches!(which, b"map" | b"drop" | b"push" | b"location" | b"board"), Named::SecretDigits)
        }
        b"token" => when(!is_place_or_piece(which), Named::Secret),
        b"tokens" => when(!is_place_or_piece(which) && !is_measure(which), Named::Secret),
        b"cookie" | b"cookies" => when(!is_purpose(which), Named::Secret),
        b"authorization" => when(
            matches!(which, b"" | b"proxy" | b"header" | b"headers" | b"http" | b"request" | b"x"),
            Named::Secret,
        ),
        b"key" | b"keys" => when(is_secret_key(which), Named::Secret),
        b"code" | b"codes" => when(is_secret_code(which), Named::SecretDigits),
        b"hash" | b"salt" | b"digest" => {
            when(matches!(which, b"password" | b"passwd" | b"pwd"), Named::Secret)
        }
        b"pass" => when(is_account(which), Named::SecretDigits),
        b"word" => when(which == b"pass", Named::SecretDigits),
        b"passe" => when(which == b"de", Named::SecretDigits),
        b"phrase" => {
            when(matches!(which, b"seed" | b"recovery" | b"pass" | b"secret" | b"backup"), Named::Secret)
        }
        b"seed" => when(matches!(which, b"totp" | b"otp" | b"wallet" | b"secret"), Named::Secret),
        b"answer" => when(matches!(which, b"secret" | b"security"), Named::Secret),
        b"auth" => when(which == b"basic", Named::Secret),
        _ => judge_glued(last, lower),
    }
}

/// Names written without any seam, such as `accesstoken`, and other languages.
fn judge_glued(last: &[u8], lower: &[u8]) -> Named {
    const SECRET: [&[u8]; 6] = [b"token", b"secret", b"apikey", b"privatekey", b"secretkey", b"accesskey"];
    const DIGITS: [&[u8]; 6] = [
        b"password",
        b"passwd",
        "パスワード".as_bytes(),
        "暗証番号".as_bytes(),
        "contraseña".as_bytes(),
        b"motdepasse",
    ];
    const COOKIES: [&[u8]; 4] = [b"setcookie", b"authcookie", b"sessioncookie", b"authheader"];
    if DIGITS.iter().any(|end| last.ends_with(end)) {
        Named::SecretDigits
    } else if SECRET.iter().any(|end| last.ends_with(end))
        || COOKIES.contains(&last)
        || lower.ends_with(b"apikey")
    {
        Named::Secret
    } else {
        Named::Open
    }
}

/// Leaves out last words that only say that the thing itself follows: `token_value`, `password_old`.
fn without_carriers<'w, 'a>(mut words: &'w [&'a [u8]]) -> &'w [&'a [u8]] {
    while let [rest @ .., last] = words
        && !rest.is_empty()
        && matches!(
            *last,
            b"value"
                | b"plain"
                | b"plaintext"
                | b"raw"
                | b"header"
                | b"string"
                | b"confirmation"
                | b"confirm"
                | b"base"
                | b"encoded"
                | b"hex"
                | b"pem"
                | b"current"
                | b"new"
                | b"old"
                | b"before"
                | b"after"
                | b"previous"
        )
    {
        words = rest;
    }
    words
}

/// First words of settings and counts: `has_password`, `require_pin`, `max_tokens`.
fn asks_or_counts(word: &[u8]) -> bool {
    matches!(
        word,
        b"is"
            | b"has"
            | b"had"
            | b"have"
            | b"need"
            | b"needs"
            | b"require"
            | b"requires"
            | b"required"
            | b"use"
            | b"uses"
            | b"show"
            | b"hide"
            | b"allow"
            | b"allows"
            | b"enable"
            | b"enabled"
            | b"disable"
            | b"disabled"
            | b"no"
            | b"without"
            | b"must"
            | b"can"
            | b"should"
            | b"accept"
            | b"accepts"
            | b"block"
            | b"force"
            | b"ask"
            | b"skip"
            | b"forgot"
            | b"num"
            | b"count"
            | b"number"
            | b"max"
            | b"min"
            | b"total"
            | b"n"
            | b"supports"
    )
}

/// Tokens that mark a place in a list, or a piece of text or design.
fn is_place_or_piece(which: &[u8]) -> bool {
    matches!(
        which,
        b"page"
            | b"next"
            | b"continuation"
            | b"pagination"
            | b"cursor"
            | b"sync"
            | b"stop"
            | b"eos"
            | b"bos"
            | b"pad"
            | b"special"
            | b"unk"
            | b"mask"
            | b"design"
            | b"per"
            | b"max"
            | b"first"
            | b"color"
            | b"search"
    )
}

/// Tokens that a language model counts.
fn is_measure(which: &[u8]) -> bool {
    matches!(
        which,
        b"prompt"
            | b"completion"
            | b"input"
            | b"output"
            | b"total"
            | b"min"
            | b"cached"
            | b"reasoning"
            | b"used"
            | b"thinking"
            | b"context"
            | b"generated"
            | b"audio"
            | b"image"
            | b"text"
            | b"of"
            | b"active"
            | b"remaining"
            | b"llm"
            | b"budget"
            | b"cache"
            | b"read"
            | b"write"
            | b"creation"
    )
}

/// Cookies as a kind of thing people consent to.
fn is_purpose(which: &[u8]) -> bool {
    matches!(
        which,
        b"party" | b"essential" | b"functional" | b"marketing" | b"analytics" | b"tracking" | b"advertising"
    )
}

fn is_secret_key(which: &[u8]) -> bool {
    matches!(
        which,
        b"api"
            | b"private"
            | b"secret"
            | b"access"
            | b"signing"
            | b"encryption"
            | b"decryption"
            | b"auth"
            | b"master"
            | b"hmac"
            | b"shared"
            | b"recovery"
            | b"session"
            | b"symmetric"
    )
}

fn is_secret_code(which: &[u8]) -> bool {
    matches!(
        which,
        b"recovery"
            | b"backup"
            | b"verification"
            | b"otp"
            | b"totp"
            | b"pin"
            | b"security"
            | b"auth"
            | b"authorization"
            | b"authentication"
            | b"mfa"
            | b"fa"
            | b"2fa"
            | b"factor"
            | b"cvv"
            | b"cvc"
            | b"pass"
            | b"sms"
            | b"unlock"
            | b"activation"
            | b"reset"
            | b"time"
            | b"login"
            | b"access"
    )
}

fn is_account(which: &[u8]) -> bool {
    matches!(
        which,
        b"user"
            | b"db"
            | b"database"
            | b"smtp"
            | b"imap"
            | b"ftp"
            | b"admin"
            | b"root"
            | b"login"
            | b"mysql"
            | b"postgres"
            | b"pg"
            | b"redis"
            | b"proxy"
            | b"mail"
            | b"email"
            | b"auth"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_however_they_are_written() {
        let names = "password Password PASSWORD passwd pwd user_password userPassword new-password password_confirmation \
            passwordConfirmation old_password current_password password2 password_hash passwordDigest encrypted_password \
            DB_PASSWORD dbPassword userpassword passphrase passcode secret client_secret clientSecret clientsecret \
            webhook_secret app.secret shared_secret secret_value secret_key secret_key_base AWS_SECRET_ACCESS_KEY \
            secretAccessKey token access_token accessToken accesstoken refresh_token id_token csrf_token csrfToken \
            x-amz-security-token X-CSRF-Token oauth_token OAuthToken token_value token_secret api_token bot_token \
            reset_password_token invitation_token private_token authorization Authorization proxy-authorization \
            headers.authorization authorization_header cookie Cookie cookies set-cookie Set-Cookie session_cookie \
            sessionCookie headers.cookie api_key apiKey apikey APIKey API_KEY APIkey x-api-key X-Api-Key api_keys \
            private_key privateKey privatekey private_key_pem signing_key encryption_key access_key session_key otp \
            otp_code sms_otp totp totp_seed recovery_code recoveryCode recovery_codes backup_codes verification_code \
            two_factor_code 2fa_code mfa_code one_time_code pin pinCode user_pin cvv cvv2 cvc card_cvc security_code jwt \
            bearer psk credentials user_credentials seed_phrase recovery_phrase mnemonic smtp_pass db_pass passWord \
            basic_auth security_answer Passwort Kennwort mot_de_passe パスワード 新しいパスワード contraseña";
        let count = names.split_whitespace().inspect(|name| assert!(by_name(name), "{name}")).count();
        assert!(count >= 100);
    }

    #[test]
    fn names_that_only_sound_like_secrets_are_left_alone() {
        let names = "tokenizer token_count tokenCount token_type token_id tokenId token_name token_scopes token_expires_at \
            token_prefix token_last4 max_tokens prompt_tokens completion_tokens total_tokens maxTokens input_tokens \
            cache_read_tokens next_page_token nextPageToken continuation_token page_token stop_token cost_per_token \
            time_to_first_token design_tokens secretary secretariat secret_id secret_name secret_version \
            secret_rotation_days is_secret password_reset_required password_changed_at password_policy password_strength \
            password_min_length passwordless password_expires_at password_manager has_password hasPassword require_password \
            must_change_password show_password sign_in_method cookie_consent cookieConsent cookie_policy cookie_banner \
            cookie_name accept_cookies third_party_cookies marketing_cookies authorized_by authorization_type \
            authorization_method authorization_url requires_authorization authorized author authority key keys keyboard \
            key_id api_key_id api_key_name apiKeyId access_key_id public_key publicKey primary_key foreign_key sort_key \
            idempotency_key partition_key cache_key object_key translation_key shortcut_key keyword monkey turkey code \
            codes status_code error_code country_code postal_code reason_code language_code zip_code currency_code \
            discount_code recovery_codes_left recovery_code_used recovery_codes_count otp_enabled otp_method mfa_enabled \
            two_factor_enabled pinned pins map_pin push_pin pinterest ping pin_count pin_enabled spin cvv_check cvc_check \
            cvv_result pass passed passenger bypass compass boarding_pass pass_rate hash commit_hash body_hash sha256 \
            salt digest session session_id sessionId request_id user_id name email id type role description reason \
            credential_id credential_type auth auth_method auth_type author_id bearer_format encrypted encryption \
            signature phrase search_phrase seed random_seed answer answer_count word words passport passport_country \
            label title ip user_agent created_at before after value tags team tokens_used tokens_per_second";
        let count = names.split_whitespace().inspect(|name| assert!(!by_name(name), "{name}")).count();
        assert!(count >= 150);
        assert!(!by_name("") && !by_name("__") && !by_name(&"x_".repeat(4000)));
    }

    #[test]
    fn a_number_is_secret_only_where_secrets_are_numbers() {
        for name in ["pin", "otp", "cvv", "recovery_code", "verificationCode", "password"] {
            assert!(number_by_name(name), "{name}");
        }
        for name in ["token", "tokens", "api_keys", "cookies", "secrets", "credentials", "pins"] {
            assert!(!number_by_name(name), "{name}");
        }
    }

    #[test]
    fn in_an_object_named_like_a_secret_only_the_secret_itself_is_one() {
        assert!(carries("value") && carries("after") && carries("secret"));
        assert!(!carries("id") && !carries("name") && !carries("expires_at") && !carries("scopes"));
    }
}
