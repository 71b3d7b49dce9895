//! How a camera is shown that we know the password: by Digest (RFC 7616), which does not send it.
//!
//! Basic authentication sends it to whoever is at the other end of the connection, and to everybody on the way where
//! that is not encrypted. It is used only where the caller allowed it, and only with a camera that offers nothing else.

use http_auth::{BasicClient, ChallengeParser, DigestClient, PasswordClient, PasswordParams};

use super::address::Credentials;
use super::disconnect::Refusal;
use super::message::TextMessage;

/// Challenges that are answered for one request: the first, and those that only give another nonce.
const MAX_CHALLENGES: u32 = 3;

/// Answers a camera's challenges.
pub struct Authentication {
    credentials: Option<Credentials>,
    allow_basic: bool,
    client: Option<PasswordClient>,
    /// How often the request at hand was challenged.
    challenges: u32,
    /// Whether the camera took an answer: the password is right, and a challenge that comes later is a new one.
    is_proven: bool,
}

impl Authentication {
    /// With the name and the password, if there are any.
    pub fn new(credentials: Option<Credentials>, allow_basic: bool) -> Self {
        Authentication { credentials, allow_basic, client: None, challenges: 0, is_proven: false }
    }

    /// Another request begins.
    pub fn begin(&mut self) {
        self.challenges = 0;
    }

    /// The request at hand was answered as it should be.
    pub fn succeeded(&mut self) {
        self.is_proven |= self.client.is_some();
    }

    /// Adds to a request what the last challenge asked for.
    ///
    /// # Errors
    ///
    /// The challenge asks for what cannot be computed.
    pub fn authorize(&mut self, request: &mut TextMessage) -> Result<(), Refusal> {
        let (Some(client), Some(credentials)) = (&mut self.client, &self.credentials) else { return Ok(()) };
        let Some((method, uri)) = request.request() else { return Ok(()) };
        let parameters = PasswordParams {
            username: &credentials.name,
            password: &credentials.password,
            uri,
            method,
            body: Some(&request.body),
        };
        let answer = client.respond(&parameters).map_err(|_| Refusal::Authentication)?;
        request.set("Authorization", &answer);
        Ok(())
    }

    /// Whether the request that was answered so (401) is to be sent again, with the answer to the challenge.
    ///
    /// # Errors
    ///
    /// The camera asks for the password itself, or for what is not known.
    pub fn is_to_repeat(&mut self, answer: &TextMessage) -> Result<bool, Refusal> {
        if self.credentials.is_none() {
            return Err(Refusal::NoPassword);
        }
        let (mut digests, mut basic) = (Vec::new(), None);
        for challenges in answer.values("WWW-Authenticate") {
            for challenge in ChallengeParser::new(challenges).map_while(Result::ok) {
                match DigestClient::try_from(&challenge) {
                    Ok(digest) => digests.push(digest),
                    Err(_) => basic = BasicClient::try_from(&challenge).ok().or(basic),
                }
            }
        }
        // the camera's order is its preference, except that MD5 comes last
        let strongest = digests.iter().position(|d| !matches!(d.algorithm(), http_auth::digest::Algorithm::Md5));
        let digest = (!digests.is_empty()).then(|| digests.swap_remove(strongest.unwrap_or(0)));
        self.challenges += 1;
        let another = match (&digest, basic) {
            // the first answer was wrong, and not only old
            (Some(digest), _) if self.challenges > 1 && !digest.stale() && !self.is_proven => return Ok(false),
            (Some(_), _) => digest.map(PasswordClient::Digest),
            (None, Some(_)) if self.challenges > 1 && self.allow_basic => return Ok(false),
            (None, Some(basic)) if self.allow_basic => Some(PasswordClient::Basic(basic)),
            (None, Some(_)) => return Err(Refusal::OnlyBasic),
            (None, None) => return Err(Refusal::Authentication),
        };
        self.client = another;
        Ok(self.challenges <= MAX_CHALLENGES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(allow_basic: bool) -> Authentication {
        Authentication::new(Credentials::parse("guard:horse"), allow_basic)
    }

    /// What a request carries after the challenges, each an answer.
    fn after(a: &mut Authentication, challenges: &[&[&str]]) -> Result<Option<String>, Refusal> {
        a.begin();
        for lines in challenges {
            let mut answer = TextMessage::new("RTSP/1.0 401 Unauthorized".to_owned());
            lines.iter().for_each(|line| answer.add("WWW-Authenticate", line));
            if !a.is_to_repeat(&answer)? {
                return Ok(None);
            }
        }
        let mut request = TextMessage::new("DESCRIBE rtsp://camera/1 RTSP/1.0".to_owned());
        a.authorize(&mut request)?;
        Ok(request.value("Authorization").map(str::to_owned))
    }

    const MD5: &str = "Digest realm=\"r\", nonce=\"n\"";
    const SHA: &str = "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"";
    const STALE: &str = "Digest realm=\"r\", nonce=\"m\", stale=true";
    const BASIC: &str = "Basic realm=\"r\"";

    #[test]
    fn digest_is_taken_wherever_it_stands() {
        for lines in [&[MD5][..], &[BASIC, MD5], &[MD5, BASIC], &["Basic realm=\"r\", Digest realm=\"r\", nonce=\"n\""]]
        {
            let answer = after(&mut known(true), &[lines]).unwrap().unwrap();
            assert!(answer.starts_with("Digest ") && !answer.contains("horse"), "{answer}");
        }
        assert!(after(&mut known(false), &[&[MD5, SHA]]).unwrap().unwrap().contains("SHA-256"));
    }

    #[test]
    fn basic_is_for_those_who_allow_it() {
        assert_eq!(after(&mut known(false), &[&[BASIC]]), Err(Refusal::OnlyBasic));
        assert_eq!(after(&mut known(true), &[&[BASIC]]), Ok(Some("Basic Z3VhcmQ6aG9yc2U=".to_owned())));
        let mut later = known(false);
        assert!(after(&mut later, &[&[MD5]]).unwrap().is_some());
        assert_eq!(after(&mut later, &[&[BASIC]]), Err(Refusal::OnlyBasic));
    }

    #[test]
    fn a_wrong_password_is_not_tried_again_and_an_old_nonce_is() {
        assert_eq!(after(&mut known(false), &[&[MD5], &[MD5]]), Ok(None));
        assert!(after(&mut known(false), &[&[MD5], &[STALE]]).unwrap().unwrap().contains("nonce=\"m\""));
        assert_eq!(after(&mut known(false), &[&[MD5], &[STALE], &[STALE], &[STALE]]), Ok(None));
        assert_eq!(after(&mut known(true), &[&[BASIC], &[BASIC]]), Ok(None));
        assert_eq!(after(&mut known(true), &[&["Bearer realm=\"r\""]]), Err(Refusal::Authentication));
        assert_eq!(after(&mut known(true), &[&[]]), Err(Refusal::Authentication));
    }
}
